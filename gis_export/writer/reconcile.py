"""Compares what the database held with what was written."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gis_export.formats.base import Written
from gis_export.plan import Totals
from gis_export.writer.errors import ReconciliationMismatch

# Sums of doubles depend on the order of the terms in their last digits.
_RELATIVE = 1e-9


def reconcile(layer: str, source: Totals, passed: Totals, written: Written) -> None:
    """Raise ``ReconciliationMismatch`` naming every difference between the source, the rows that passed to the writer,
    and what the file itself says about its records and their extent."""
    faults = []
    for name, wanted, got in (
        ("records written", source.records, passed.records),
        ("records in the file", source.records, written.records),
        ("records without geometry", source.without_geometry, passed.without_geometry),
    ):
        if wanted != got:
            faults.append(f"{name}: {got}, but the database has {wanted}")
    for name, wanted_sum, got_sum in (
        ("area", source.area, passed.area),
        *((name, total, passed.sums.get(name, 0.0)) for name, total in source.sums.items()),
    ):
        if not math.isclose(wanted_sum, got_sum, rel_tol=_RELATIVE, abs_tol=1e-9):
            faults.append(f"total of {name}: {got_sum}, but the database has {wanted_sum}")
    if written.extent and source.extent and not _alike(source.extent, written.extent):
        faults.append(f"extent: {written.extent}, but the database has {source.extent}")
    if faults:
        raise ReconciliationMismatch(f"Layer {layer} does not reconcile: " + "; ".join(faults) + ".")


def _alike(extent: Sequence[float], other: Sequence[float]) -> bool:
    return all(math.isclose(a, b, rel_tol=_RELATIVE, abs_tol=_RELATIVE) for a, b in zip(extent, other, strict=True))
