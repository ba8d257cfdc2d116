"""Checks of what is in the database: counties from before their State Plane zone, state and time zone were checked.

They are made by ``migrate``, and by ``check --database default``: only then may a check read the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.core.checks import CheckMessage, Tags, Warning, register
from django.core.exceptions import ValidationError
from django.db import Error as DatabaseError
from django.db import transaction

from terrafusion.records.models import County, CountySettings


@register(Tags.database)
def counties(databases: Sequence[str] | None = None, **_: object) -> list[CheckMessage]:
    """Each county's own record and settings would be accepted as they are."""
    if "default" not in (databases or ()):
        return []
    try:
        with transaction.atomic():
            return list(_faults())
    except DatabaseError:  # before the first migration there are no counties, and before the next one other columns
        return []


def _faults() -> Iterator[CheckMessage]:
    for county in County.objects.all():
        texts = {**_messages(county), **_messages(CountySettings.of(county))}
        for field, text in texts.items():
            yield Warning(f"{field}: {text}", hint="Edit the county in the admin.", obj=county.pk, id="records.W001")


def _messages(record: County | CountySettings) -> dict[str, str]:
    fields = {"state", "state_plane_srid", "time_zone"}
    others = {field.name for field in record._meta.fields} - fields
    try:
        record.full_clean(exclude=others, validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        return {name: " ".join(texts) for name, texts in error.message_dict.items()}
    return {}
