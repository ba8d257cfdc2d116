"""The county's setting ``monotone_characteristics``: in which direction a value may go with a characteristic."""

from __future__ import annotations

from collections.abc import Mapping

from terrafusion.api import keys
from terrafusion.records import parcel_fields
from terrafusion.records.models import CountySettings
from terrafusion.records.sales.frame import CHARACTERISTICS

RISING, FALLING = "rising", "falling"
_SIGNS = {RISING: 1, FALLING: -1}
_GRADES = [field.name for field in parcel_fields.FIELDS if field.grade]  # texts, which are numbers in many counties
NAMES = (
    *(name for name, kind in CHARACTERISTICS.items() if kind == "float64" and not name.endswith("_value")),
    *_GRADES,
)
"""The characteristics that have an order."""


def directions_of(county_id: str) -> Mapping[str, int]:
    """1 where more never counts against a home, -1 where less never does; other characteristics are left out."""
    return {name: _SIGNS[way] for name, way in CountySettings.of(county_id).monotone_characteristics.items()}


def check(settings: CountySettings) -> dict[str, str]:
    """The fault of the setting, for the editors of settings; empty where it is sound."""
    given = settings.monotone_characteristics
    if not isinstance(given, dict):
        fault = 'Give an object by characteristic, such as {"year_built": "rising"}.'
    else:
        wrong = [f"{name}: give rising or falling." for name in NAMES if given.get(name, RISING) not in [*_SIGNS]]
        fault = " ".join([*keys.unknown(given, NAMES, "characteristic").values(), *wrong])
    return {"monotone_characteristics": fault} if fault else {}
