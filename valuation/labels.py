"""Characteristics in words, for sheets."""

from __future__ import annotations

from terrafusion.records import parcel_fields

_WORDS = {field.name: field.words for field in parcel_fields.FIELDS} | {
    "base": "A typical property of the county",
    "location": "Location",
    "nearby_sales": "Prices of earlier sales nearby",
    "time": "Market trend",
    "combined_effects": "Combined effect, beyond the lines above",
    "rounding": "Rounding",
    "other": "All other characteristics",
}
_UNITS = {field.name: field.per for field in parcel_fields.FIELDS} | {"frontage": "foot", "depth": "foot"}


def label(name: str) -> str:
    """``living_area_sqft`` becomes ``Living area (sq ft)``."""
    return _WORDS.get(name) or name.replace("_", " ").strip().capitalize()


def unit(name: str) -> str:
    """What a rate of the characteristic is per: ``sq ft`` for ``living_area_sqft``."""
    if "sqft" in name or "area" in name:
        return "sq ft"
    if "year" in name or "age" in name.split("_"):
        return "year"
    return _UNITS.get(name, "unit")
