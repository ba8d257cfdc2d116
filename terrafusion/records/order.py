"""The order in which people look for parcels: 2 before 10, and 7-9 before 7-10. By characters it is the other way."""

from __future__ import annotations

from django.db.models.functions import Collate

NATURAL = "natural_order"
"""A collation of the database: Unicode's root order, with digits as numbers. Two texts are equal in it only if they are
the same."""


def natural(*fields: str) -> list[Collate]:
    """For ``order_by``: these texts, in that order."""
    return [Collate(field, NATURAL) for field in fields]
