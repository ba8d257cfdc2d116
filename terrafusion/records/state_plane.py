"""The State Plane Coordinate System: which EPSG codes are of it, and which is a county's.

By EPSG's registry, as pyproj brings it. A code is a State Plane one when its map projection is: EPSG names those
``SPCS83 Washington North zone (US survey foot)``, of the older datum ``Washington CS27 North zone``, in Michigan and
Arizona before that ``Michigan State Plane East zone`` and ``Arizona Coordinate System East zone``; any datum and unit
will do. Guam's and American Samoa's grids have names of their own. Where there is no zone at all (the Northern Mariana
Islands, and American Samoa on today's datums) UTM stands for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import pyproj
from pyproj.database import query_crs_info
from pyproj.enums import PJType

from terrafusion.records.places import STATES

_PROJECTION = re.compile(
    r"\bSPCS|\bCS(27|83)\b|\bState Plane\b|^Arizona Coordinate System|^Guam Map Grid$|^American Samoa Lambert$"
)
_UTM = {2195: "AS", 6636: "AS", 8692: "MP", 8693: "MP"}
_IN_ZONES_OF = {"DC": "Maryland"}
_DATUM = "NAD83 / "
_UNITS = ("US survey foot", "foot", "metre")  # codespell:ignore  # as PROJ names it
_KINDS = re.compile(r" (county|parish|borough|census area|municipality|city and borough|city|municipio)$")


@dataclass(frozen=True)
class Zone:
    """``area`` is where EPSG says that it is used: the state, and the counties where it has several zones."""

    srid: int
    name: str
    area: str
    unit: str

    def __str__(self) -> str:
        return f"{self.srid} ({self.name.removeprefix(_DATUM)})"

    def is_of(self, state: str) -> bool:
        """Whether it is a zone of the state of that postal code."""
        if self.srid in _UTM:
            return _UTM[self.srid] == state
        name = _IN_ZONES_OF.get(state, STATES[state].name)
        return re.search(rf"(^|- | and ){re.escape(name)}\b", self.area) is not None

    def names(self, county: str) -> bool:
        """Whether the county of that name is one of those that its area of use lists as a whole."""
        listed = re.split(r"[;:,.]| and |(?:counties|parishes|municipalities|boroughs) of ", self.area)
        return _plain(county) in {_plain(name) for name in listed}


@lru_cache(maxsize=2048)
def zone(srid: int) -> Zone | None:
    """The zone of that code; None for what is not of the State Plane Coordinate System."""
    try:
        crs = pyproj.CRS.from_epsg(srid)
    except pyproj.exceptions.CRSError:
        return None
    operation, area = crs.coordinate_operation, crs.area_of_use
    if not crs.is_projected or operation is None or area is None or not area.name:
        return None
    if srid not in _UTM and not _PROJECTION.search(operation.name):
        return None
    return Zone(srid, crs.name, area.name, crs.axis_info[0].unit_name)


def fault(srid: int, state: str) -> str:
    """What is wrong with the code for a county of that state; empty where nothing is."""
    if state not in STATES:
        return ""  # which is a fault of its own
    plane = zone(srid)
    if plane is not None and plane.is_of(state):
        return ""
    wrong = f"EPSG:{srid} is not a State Plane zone" + ("" if plane is None else f" of {STATES[state].name}")
    return f"{wrong}: give {_listed(state)}, or the same zone in another datum or unit."


def suggested(state: str, county: str) -> int | None:
    """The zone of the county of that name, by NAD83 in feet where the state has them; None where the registry does not
    say which of several it is."""
    zones = list(_usual(state)) if state in STATES else []
    named = zones if len(zones) == 1 else [one for one in zones if one.names(county)]
    return named[0].srid if len(named) == 1 else None


def choices(state: str) -> str:
    """What to say where nothing can be suggested."""
    return f"{STATES[state].name} has several State Plane zones: give {_listed(state)}."


def _listed(state: str) -> str:
    zones = [str(one) for one in _usual(state)]
    return zones[0] if len(zones) == 1 else f"one of {', '.join(zones)}"


@lru_cache(maxsize=64)
def _usual(state: str) -> tuple[Zone, ...]:
    """Each zone of the state once: by NAD83, else what there is; in feet where the registry has them."""
    every = [one for one in _zones(_IN_ZONES_OF.get(state, STATES[state].name)) if one.is_of(state)]
    plain = [one for one in every if one.name.startswith(_DATUM)] or every
    ordered = sorted(plain, key=lambda one: (_UNITS.index(one.unit), one.srid))
    by_name: dict[str, Zone] = {}
    for one in ordered:
        by_name.setdefault(re.sub(r" \((ftUS|ft)\)$", "", one.name), one)
    return tuple(sorted(by_name.values(), key=lambda one: one.name))


def _zones(place: str) -> Iterator[Zone]:
    for info in query_crs_info("EPSG", PJType.PROJECTED_CRS):
        area = info.area_of_use.name if info.area_of_use else None
        if area and place in area and (plane := zone(int(info.code))):
            yield plane


def _plain(name: str) -> str:
    """For comparison: ``St. Clair County`` and ``Saint Clair`` are one, ``DeKalb`` and ``De Kalb`` are."""
    words = _KINDS.sub("", name.strip().casefold()).replace("saint ", "st")
    return re.sub(r"[^a-z0-9]", "", words)
