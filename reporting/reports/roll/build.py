"""The roll's blocks. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reporting.document import blocks as b
from terrafusion.tables import Column, Kind
from terrafusion.words import counted

MONEY = ("land", "improvements", "total", "exemptions", "taxable")
_TITLES = ("Land", "Improvements", "Total value", "Exemptions", "Taxable")
OWNER = Column("owner_name", Kind.TEXT, "Owner", width=22)
_PARCEL = (
    Column("parcel_number", Kind.TEXT, "Parcel", width=13),
    Column("situs_address", Kind.TEXT, "Situs address", width=20),
    Column("situs_city", Kind.TEXT, "City", width=10),
)
_CLASS = (
    Column("property_class", Kind.TEXT, "Class", width=12),
    Column("use_code", Kind.TEXT, "Use", width=8),
    Column("neighborhood", Kind.TEXT, "Neighborhood", width=12),
    Column("land_source", Kind.TEXT, "Land from", width=10),
)
_LAND = (
    "Land from: what the land's part of a value rests on, where the value was made and certified here; an amount that "
    "was loaded has no more than its file to rest on."
)
_VALUES = tuple(Column(name, Kind.MONEY, title, width=14) for name, title in zip(MONEY, _TITLES, strict=True))


@dataclass(frozen=True)
class Sums:
    """Of a group of parcels: how many, how many of them without a total value, and dollars in the order of MONEY."""

    name: str
    parcels: int
    without_value: int
    dollars: tuple[int, ...]


@dataclass(frozen=True)
class Groups:
    title: str
    sums: tuple[Sums, ...]
    note: str = ""


@dataclass(frozen=True)
class Roll:
    """``rows`` are as ``columns`` has them; ``whole`` sums all of them. ``certified``: whether the county has values
    that were made here."""

    whole: Sums
    groups: tuple[Groups, ...]
    rows: Iterable[b.Row]
    owners: bool
    certified: bool = False


def columns(owners: bool) -> tuple[Column, ...]:
    """Of a parcel's row; owners only for those who may see them."""
    return (*_PARCEL, *((OWNER,) if owners else ()), *_CLASS, *_VALUES)


def build(roll: Roll) -> Iterator[b.Block]:
    whole = roll.whole
    yield b.KeyFigures(
        "totals",
        (
            b.Figure("parcels", "Parcels", whole.parcels, Kind.INTEGER),
            *(
                b.Figure(name, title, value, Kind.MONEY)
                for name, title, value in zip(MONEY, _TITLES, whole.dollars, strict=True)
            ),
            b.Figure("without_value", "Parcels without a value", whole.without_value, Kind.INTEGER),
        ),
    )
    if whole.without_value:
        without = counted(whole.without_value, "parcel")
        yield b.Text(f"Without a total value on record: {without}. Nothing of them is in the totals.")
    for number, groups in enumerate(roll.groups):
        if number == 0:
            yield b.Heading("Totals")
        yield _table(groups, whole, number)
    yield b.Heading("Parcels")
    head = columns(roll.owners)
    before = len(head) - len(MONEY) - 1
    totals = ("Total", *[None] * before, *whole.dollars)
    yield b.Table("parcels", "", head, roll.rows, totals, note=_LAND if roll.certified else "")


def _table(groups: Groups, whole: Sums, number: int) -> b.Table:
    name = ("by_class", "by_neighborhood", "by_district")[number]
    head = (
        Column("name", Kind.TEXT, groups.title, width=20),
        Column("parcels", Kind.INTEGER, "Parcels", width=8),
        Column("without_value", Kind.INTEGER, "Without value", width=8),
        *_VALUES,
    )
    rows = [(sums.name, sums.parcels, sums.without_value, *sums.dollars) for sums in groups.sums]
    totals = ("Total", whole.parcels, whole.without_value, *whole.dollars)
    return b.Table(name, f"By {groups.title.lower()}", head, rows, totals, groups.note)
