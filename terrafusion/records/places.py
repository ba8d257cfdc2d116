"""The states, the District of Columbia and the territories of the United States: names, and the time zones that their
counties keep (49 CFR 71, by IANA's names), the one of most of their people first."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ValidationError

_EASTERN, _CENTRAL, _MOUNTAIN, _PACIFIC = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
)
_ALASKA = ("Anchorage", "Juneau", "Sitka", "Metlakatla", "Yakutat", "Nome", "Adak")
_INDIANA = ("Indianapolis", "Vincennes", "Winamac", "Marengo", "Petersburg", "Vevay", "Tell_City", "Knox")


@dataclass(frozen=True)
class State:
    name: str
    time_zones: tuple[str, ...]


STATES = {
    "AL": State("Alabama", (_CENTRAL,)),
    "AK": State("Alaska", tuple(f"America/{name}" for name in _ALASKA)),
    "AZ": State("Arizona", ("America/Phoenix",)),
    "AR": State("Arkansas", (_CENTRAL,)),
    "CA": State("California", (_PACIFIC,)),
    "CO": State("Colorado", (_MOUNTAIN,)),
    "CT": State("Connecticut", (_EASTERN,)),
    "DE": State("Delaware", (_EASTERN,)),
    "DC": State("District of Columbia", (_EASTERN,)),
    "FL": State("Florida", (_EASTERN, _CENTRAL)),
    "GA": State("Georgia", (_EASTERN,)),
    "HI": State("Hawaii", ("Pacific/Honolulu",)),
    "ID": State("Idaho", ("America/Boise", _PACIFIC)),
    "IL": State("Illinois", (_CENTRAL,)),
    "IN": State("Indiana", (*(f"America/Indiana/{name}" for name in _INDIANA), _CENTRAL)),
    "IA": State("Iowa", (_CENTRAL,)),
    "KS": State("Kansas", (_CENTRAL, _MOUNTAIN)),
    "KY": State("Kentucky", (_EASTERN, "America/Kentucky/Louisville", "America/Kentucky/Monticello", _CENTRAL)),
    "LA": State("Louisiana", (_CENTRAL,)),
    "ME": State("Maine", (_EASTERN,)),
    "MD": State("Maryland", (_EASTERN,)),
    "MA": State("Massachusetts", (_EASTERN,)),
    "MI": State("Michigan", ("America/Detroit", "America/Menominee")),
    "MN": State("Minnesota", (_CENTRAL,)),
    "MS": State("Mississippi", (_CENTRAL,)),
    "MO": State("Missouri", (_CENTRAL,)),
    "MT": State("Montana", (_MOUNTAIN,)),
    "NE": State("Nebraska", (_CENTRAL, _MOUNTAIN)),
    "NV": State("Nevada", (_PACIFIC,)),
    "NH": State("New Hampshire", (_EASTERN,)),
    "NJ": State("New Jersey", (_EASTERN,)),
    "NM": State("New Mexico", (_MOUNTAIN,)),
    "NY": State("New York", (_EASTERN,)),
    "NC": State("North Carolina", (_EASTERN,)),
    "ND": State(
        "North Dakota",
        (_CENTRAL, _MOUNTAIN, *(f"America/North_Dakota/{name}" for name in ("Center", "New_Salem", "Beulah"))),
    ),
    "OH": State("Ohio", (_EASTERN,)),
    "OK": State("Oklahoma", (_CENTRAL,)),
    "OR": State("Oregon", (_PACIFIC, "America/Boise")),
    "PA": State("Pennsylvania", (_EASTERN,)),
    "RI": State("Rhode Island", (_EASTERN,)),
    "SC": State("South Carolina", (_EASTERN,)),
    "SD": State("South Dakota", (_CENTRAL, _MOUNTAIN)),
    "TN": State("Tennessee", (_CENTRAL, _EASTERN)),
    "TX": State("Texas", (_CENTRAL, _MOUNTAIN)),
    "UT": State("Utah", (_MOUNTAIN,)),
    "VT": State("Vermont", (_EASTERN,)),
    "VA": State("Virginia", (_EASTERN,)),
    "WA": State("Washington", (_PACIFIC,)),
    "WV": State("West Virginia", (_EASTERN,)),
    "WI": State("Wisconsin", (_CENTRAL,)),
    "WY": State("Wyoming", (_MOUNTAIN,)),
    "AS": State("American Samoa", ("Pacific/Pago_Pago",)),
    "GU": State("Guam", ("Pacific/Guam",)),
    "MP": State("Northern Mariana Islands", ("Pacific/Saipan",)),
    "PR": State("Puerto Rico", ("America/Puerto_Rico",)),
    "VI": State("US Virgin Islands", ("America/St_Thomas",)),
}


def check_state(code: str) -> None:
    """Raises Django's ValidationError for what is no postal code of a state or territory."""
    if code not in STATES:
        raise ValidationError(
            f"{code!r} is not a state or territory of the United States: give its two capital letters, such as WA.",
            "invalid",
        )


def time_zone(code: str) -> str:
    """That of most of the state's people; UTC where there is no such state."""
    return STATES[code].time_zones[0] if code in STATES else "UTC"


def time_zone_fault(name: str, code: str) -> str:
    """What is wrong with the time zone of a county in the state of that code. It may be empty where the state has one
    only."""
    known = STATES.get(code)
    if known is None:
        return ""  # which is a fault of its own
    zones = known.time_zones
    if name in zones or (not name and len(zones) == 1):
        return ""
    listed = zones[0] if len(zones) == 1 else f"one of {', '.join(zones)}"
    wrong = f"{name} is not a time zone of {known.name}" if name else f"{known.name} has several time zones"
    return f"{wrong}: give {listed}."
