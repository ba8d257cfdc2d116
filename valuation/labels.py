"""Characteristics in words, for sheets."""

from __future__ import annotations

_WORDS = {
    "base": "A typical property of the county",
    "location": "Location",
    "nearby_sales": "Prices of earlier sales nearby",
    "own_sale": "Its own last sale",
    "time": "Market trend",
    "lot_area_sqft": "Lot area (sq ft)",
    "living_area_sqft": "Living area (sq ft)",
    "year_built": "Year built",
    "effective_year_built": "Effective year built",
    "property_class": "Class",
    "use_code": "Use",
    "rounding": "Rounding",
    "other": "All other characteristics",
}


def label(name: str) -> str:
    """``living_area_sqft`` becomes ``Living area (sq ft)``."""
    return _WORDS.get(name) or name.replace("_", " ").strip().capitalize()
