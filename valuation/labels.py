"""Characteristics in words, for sheets."""

from __future__ import annotations

_WORDS = {
    "base": "A typical property of the county",
    "location": "Location",
    "nearby_sales": "Prices of earlier sales nearby",
    "time": "Market trend",
    "lot_area_sqft": "Lot area (sq ft)",
    "living_area_sqft": "Living area (sq ft)",
    "year_built": "Year built",
    "effective_year_built": "Effective year built",
    "property_class": "Class",
    "use_code": "Use",
    "combined_effects": "Combined effect, beyond the lines above",
    "rounding": "Rounding",
    "other": "All other characteristics",
}
_UNITS = {
    "bedrooms": "bedroom",
    "bathrooms": "bathroom",
    "stories": "story",
    "quality": "grade",
    "frontage": "foot",
    "depth": "foot",
}


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
