"""What can be loaded into parcels and sales: each target field with its kind and rules, read from the models."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.db import models

from terrafusion.records import parcel_fields
from terrafusion.records.models import PropertyOperational, Sale
from terrafusion.records.parcel_fields import PERSONAL_DATA


class Kind(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    REAL = "real"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    YEAR = "year"  # an integer between 1500 and two years ahead; 0 means unknown
    MONEY = "money"  # whole dollars; cents are rounded


@dataclass(frozen=True)
class Target:
    """A field that a source column is loaded into.

    ``width`` is the most characters of a text. A ``required`` field may not be empty. ``key`` texts lose the blanks
    round them. ``nonnegative`` numbers below zero are faults, of ``positive`` ones also zero, and all above
    ``maximum``. The values of ``personal`` fields are never reported. ``unit`` is empty where there is none;
    ``example`` is a value as a file may have it.
    """

    name: str
    kind: Kind
    width: int | None = None
    required: bool = False
    key: bool = False
    nonnegative: bool = False
    positive: bool = False
    maximum: float | None = None
    personal: bool = False
    past: bool = False  # a date that cannot lie ahead
    small: bool = False  # an integer of 16 bits
    unit: str = ""
    example: str = ""


VALUES = tuple(field.name for field in parcel_fields.FIELDS if field.unit == "USD")
_YEARS = {field.name for field in parcel_fields.FIELDS if field.unit == "year"}
_MONEY = {*VALUES, "sale_price"}
_SALE_EXAMPLES = {
    "sale_id": "20240115000321",
    "sale_date": "1/15/2024",
    "sale_price": "412,500.00",
    "deed_code": "WD",
    "validity_code": "Q",
    "multi_parcel": "yes",
    "source": "Roll of May 2024",
    "as_of": "2024-05-01",
}
_EXAMPLES = _SALE_EXAMPLES | {field.name: field.example for field in parcel_fields.FIELDS}
_UNITS = {field.name: field.unit for field in parcel_fields.FIELDS} | {"sale_price": "USD"}
_REQUIRED = {"parcel_number", "sale_id", "sale_date", "sale_price"}
_KEYS = {"parcel_number", "sale_id"}
_NOT_LOADED = {"id", "county", "property", "geometry", "point", "updated_at"}


def _kind(field: models.Field[object, object]) -> Kind:
    if field.name in _YEARS:
        return Kind.YEAR
    if field.name in _MONEY:
        return Kind.MONEY
    kinds: tuple[tuple[type[models.Field[object, object]], Kind], ...] = (
        (models.CharField, Kind.TEXT),
        (models.FloatField, Kind.REAL),
        (models.IntegerField, Kind.INTEGER),
        (models.BooleanField, Kind.BOOLEAN),
        (models.DateField, Kind.DATE),
    )
    return next(kind for cls, kind in kinds if isinstance(field, cls))


def _targets(model: type[models.Model]) -> dict[str, Target]:
    targets = {}
    for field in model._meta.concrete_fields:
        if field.name in _NOT_LOADED:
            continue
        kind = _kind(field)
        targets[field.name] = Target(
            name=field.name,
            kind=kind,
            width=getattr(field, "max_length", None),
            required=field.name in _REQUIRED,
            key=field.name in _KEYS,
            nonnegative=kind in {Kind.INTEGER, Kind.REAL, Kind.MONEY},
            personal=field.name in PERSONAL_DATA,
            past=field.name == "sale_date",
            small=isinstance(field, models.PositiveSmallIntegerField),
            unit=_UNITS.get(field.name, ""),
            example=_EXAMPLES[field.name],
        )
    return targets


PARCEL_TARGETS = _targets(PropertyOperational)
SALE_TARGETS = _targets(Sale)
