"""All that the office has on a parcel, as the builders take it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from reporting.document.blocks import Figure

ValueSheet = dict[str, Any]
"""What a valuation run says of a parcel: ``valuation.sheet``."""


@dataclass(frozen=True)
class Owner:
    name: str
    lines: tuple[str, ...]
    """Where mail goes."""
    postal_code: str


@dataclass(frozen=True)
class AnnualValues:
    """Dollars of one year; None where nobody said."""

    tax_year: int | None
    effective: date | None
    land: int | None
    improvements: int | None
    total: int | None
    exemptions: int | None
    source: str = ""
    land_source: str | None = None
    """What the land rests on, a code, where the value was made and certified here."""

    @property
    def taxable(self) -> int | None:
        return None if self.total is None else max(self.total - (self.exemptions or 0), 0)


@dataclass(frozen=True)
class ParcelSale:
    day: date
    price: int
    deed: str
    validity: str
    multi_parcel: bool


@dataclass(frozen=True)
class ParcelFile:
    """``owner`` is None when whoever asked may not see it, or there is none. ``history`` and ``sales`` are newest
    first; ``map`` is SVG, None for a parcel without an outline."""

    number: str
    situs: tuple[str, ...]
    owner: Owner | None
    characteristics: tuple[Figure, ...]
    current: AnnualValues
    history: tuple[AnnualValues, ...]
    sales: tuple[ParcelSale, ...]
    map: str | None
    photo: bytes | None = None
    photo_note: str = ""
    sheet: ValueSheet | None = None
    neighborhood: str = ""
    property_class: str = ""
    bundle: str = ""
