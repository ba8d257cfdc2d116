"""What a report is made of. Builders return these, and every renderer understands all of them.

Texts are plain: no renderer reads markup in them. Figures are numbers, not texts: how they look is the renderer's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from terrafusion.tables import Column, Kind

__all__ = [
    "Address",
    "Beside",
    "Block",
    "Brand",
    "Chart",
    "Column",
    "Document",
    "Facts",
    "Figure",
    "Heading",
    "Image",
    "KeyFigures",
    "Kind",
    "Map",
    "PageBreak",
    "Rounded",
    "Row",
    "Section",
    "Signatures",
    "Table",
    "Text",
    "Tone",
    "Value",
]

Value = str | int | float | bool | date | None
Row = Sequence[Any]
"""Values of a table's columns."""


class Rounded(float):
    """A figure that is printed to so many decimals, whatever its column says; data files hold all of it."""

    decimals: int

    @classmethod
    def of(cls, value: float, decimals: int) -> Rounded:
        made = cls(value)
        made.decimals = decimals
        return made


class Tone(StrEnum):
    NORMAL = "normal"
    NOTE = "note"
    WARNING = "warning"


@dataclass(frozen=True)
class Heading:
    text: str
    level: int = 1


@dataclass(frozen=True)
class Text:
    text: str
    tone: Tone = Tone.NORMAL


@dataclass(frozen=True)
class Address:
    """Lines placed where a window envelope shows them."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Figure:
    """One figure with its name. ``met``: within the range that it must be in; None where there is none."""

    name: str
    label: str
    value: Value
    kind: Kind = Kind.TEXT
    decimals: int | None = None
    note: str = ""
    met: bool | None = None


@dataclass(frozen=True)
class KeyFigures:
    name: str
    items: tuple[Figure, ...]


@dataclass(frozen=True)
class Facts:
    """Labeled values of one thing, such as a parcel's characteristics. Data files make a row of them. ``unseen``: for
    data files only, as is a line of a mailing list."""

    name: str
    title: str
    items: tuple[Figure, ...]
    unseen: bool = False


@dataclass(frozen=True)
class Table:
    """``rows`` may be read once only, and may be many. ``totals`` is a last row that is no data."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Iterable[Row]
    totals: Row | None = None
    note: str = ""


@dataclass(frozen=True)
class Chart:
    """A Vega-Lite ``spec`` with its data inside. ``alt`` describes it for readers who cannot see it."""

    name: str
    title: str
    spec: dict[str, Any]
    alt: str
    note: str = ""


@dataclass(frozen=True)
class Map:
    """A drawing in SVG, with its scale bar and north arrow. ``note`` names the source."""

    name: str
    title: str
    svg: str
    alt: str
    note: str = ""


@dataclass(frozen=True)
class Image:
    """A PNG or JPEG; without ``data`` the frame says ``alt``."""

    name: str
    data: bytes | None
    alt: str
    note: str = ""


@dataclass(frozen=True)
class Beside:
    """Two or three blocks side by side, where the page has sides."""

    blocks: tuple[Map | Image | Facts | Chart, ...]


@dataclass(frozen=True)
class Signatures:
    """A line to sign and date for each role, such as who prepared the report; on paper only."""

    roles: tuple[str, ...]


@dataclass(frozen=True)
class PageBreak:
    pass


@dataclass(frozen=True)
class Section:
    """A part that stands alone: a parcel's card, an owner's notice. It begins a page, counts its own pages and gets a
    bookmark. Tables of one name in many sections become one in data files, with ``key`` as their first column."""

    key: str
    title: str
    blocks: tuple[Block, ...]
    bundle: str = ""
    """Sections of one bundle go into one volume, such as letters of one postal code."""


Block = (
    Heading
    | Text
    | Address
    | KeyFigures
    | Facts
    | Table
    | Chart
    | Map
    | Image
    | Beside
    | PageBreak
    | Section
    | Signatures
)


@dataclass(frozen=True)
class Brand:
    """How a county shows itself. ``seal`` is a PNG or JPEG, ``template`` Typst that overrides parts of the layout."""

    name: str
    office: str = ""
    address: tuple[str, ...] = ()
    footer: str = ""
    color: str = "#1f4e79"
    seal: bytes | None = None
    template: str = ""


@dataclass(frozen=True)
class Document:
    """``blocks`` may be read once only, and may be many.

    ``as_of``: the moment whose data the report shows. ``parameters``: the request, as (label, text).
    ``notices``: what a reader must know of the whole, such as what was withheld.
    ``key_title`` is what ``Section.key`` is called.
    """

    name: str
    title: str
    subtitle: str
    brand: Brand
    as_of: datetime
    job_id: str
    parameters: tuple[tuple[str, str], ...]
    blocks: Iterable[Block]
    notices: tuple[str, ...] = ()
    landscape: bool = False
    language: str = "en"
    key_title: str = "Parcel"
    bare: bool = False
    """Sections are the whole document: no title page before them."""
    data: dict[str, Any] = field(default_factory=dict)
    """What the builder wants to be in the job's summary."""
