"""Fields that can be loaded, and the settings of a county."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.db import models
from django.db.models.fields import NOT_PROVIDED

from terrafusion.records.loading import targets
from terrafusion.records.models import CountySettings
from terrafusion.setup.reference.markdown import code, page, table

_HEADINGS = ("field", "type", "unit", "width", "example", "rules")


def loadable_fields() -> str:
    return page(
        "Loadable fields",
        "The fields that a [mapping](../user/loading.md#the-mapping) loads into parcels and sales. Reference layers "
        "keep the columns of their file. The unit is that of what is stored; a mapping converts areas from others. The "
        "width is in characters; a number has none. The example is a value as a file may have it.",
        "## Parcels\n\n" + table(_HEADINGS, map(_field, targets.PARCEL_TARGETS.values())),
        "## Sales\n\n" + table(_HEADINGS, map(_field, targets.SALE_TARGETS.values())),
    )


def _field(target: targets.Target) -> tuple[str, ...]:
    width = f"{target.width:,}" if target.width else ""
    return (
        code(target.name),
        target.kind.value,
        target.unit,
        width,
        code(target.example),
        ", ".join(_rules(target)),
    )


def _rules(target: targets.Target) -> Iterator[str]:
    if target.required:
        yield "required"
    if target.positive:
        yield "above 0"
    elif target.nonnegative:
        yield "0 or more"
    if target.maximum is not None:
        yield f"at most {target.maximum:,}"
    if target.past:
        yield "not in the future"
    if target.personal:
        yield "personal data"


def county_settings() -> str:
    rows = [
        (code(field.name), code(_default(field)), field.help_text)
        for field in CountySettings._meta.get_fields()
        if isinstance(field, models.Field) and not field.primary_key
    ]
    return page(
        "County settings",
        "What a county allows and prefers. A manager changes them in the admin or with `PATCH counties/{id}/settings` "
        "([how](../user/records-api.md#change-a-countys-settings)).",
        table(("setting", "default", "meaning"), rows),
    )


def _default(field: models.Field[object, object]) -> str:
    default = field.get_default() if field.default is not NOT_PROVIDED else None
    return "" if default is None or default == "" else json.dumps(default)
