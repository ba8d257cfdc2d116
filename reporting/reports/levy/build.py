"""Levy arithmetic and the projection's blocks. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reporting.document import blocks as b
from terrafusion.tables import Column, Kind

PER = 1_000
"""Dollars of taxable value that a rate is for."""
_COLUMNS = (
    Column("district", Kind.TEXT, "District", width=18),
    Column("parcels", Kind.INTEGER, "Parcels", width=8),
    Column("taxable", Kind.MONEY, "Taxable now", width=13),
    Column("projected", Kind.MONEY, "Projected", width=13),
    Column("rate", Kind.NUMBER, "Rate now", decimals=4, width=8),
    Column("levy", Kind.MONEY, "Levy now", width=12),
    Column("at_rate", Kind.MONEY, "At the same rate", width=12),
    Column("max_levy", Kind.MONEY, "Most allowed", width=12),
    Column("projected_levy", Kind.MONEY, "Projected levy", width=12),
    Column("projected_rate", Kind.NUMBER, "Projected rate", decimals=4, width=9),
    Column("bound", Kind.TEXT, "Bound by", width=14),
)


@dataclass(frozen=True)
class District:
    """Dollars now and projected, and dollars of tax for each 1,000 of taxable value."""

    name: str
    parcels: int
    taxable: float
    projected: float
    rate: float


@dataclass(frozen=True)
class Projection:
    levy: float
    at_rate: float
    max_levy: float | None
    projected_levy: float
    projected_rate: float | None
    bound: str


def project(district: District, growth_limit: float | None, rate_limit: float | None) -> Projection:
    """The levy on the projected values: at the same rate, but at most ``growth_limit`` (0.01 is 1%) more than now, and
    at a rate of at most ``rate_limit``."""
    levy = district.taxable * district.rate / PER
    at_rate = district.projected * district.rate / PER
    limits: list[tuple[float, str]] = [(at_rate, "the rate")]
    max_levy = None
    if growth_limit is not None:
        max_levy = levy * (1 + growth_limit)
        limits.append((max_levy, "the levy limit"))
    if rate_limit is not None:
        limits.append((district.projected * rate_limit / PER, "the rate limit"))
    projected_levy, bound = min(limits)
    rate = projected_levy / district.projected * PER if district.projected else None
    return Projection(levy, at_rate, max_levy, projected_levy, rate, bound)


def build(
    districts: list[District], growth_limit: float | None, rate_limit: float | None, basis: str, home: float | None
) -> Iterator[b.Block]:
    """``home``: the median total value, whose tax is shown."""
    made = [(district, project(district, growth_limit, rate_limit)) for district in districts]
    levy, projected = sum(one.levy for _, one in made), sum(one.projected_levy for _, one in made)
    yield b.KeyFigures(
        "levies",
        (
            b.Figure("levy", "Levies now", levy, Kind.MONEY),
            b.Figure("projected_levy", "Projected levies", projected, Kind.MONEY),
            b.Figure("change", "Change", projected / levy - 1 if levy else None, Kind.PERCENT),
            b.Figure("median_home", "Median value", home, Kind.MONEY),
        ),
    )
    yield b.Text(basis)
    unknown = [district.name for district in districts if not district.taxable]
    if unknown:
        warning = "No taxable value is on record in " + ", ".join(unknown)
        yield b.Text(f"{warning}: the levy now is $0 there, and a limit of its growth allows none.", b.Tone.WARNING)
    rows = [
        (
            district.name,
            district.parcels,
            district.taxable,
            district.projected,
            district.rate,
            one.levy,
            one.at_rate,
            one.max_levy,
            one.projected_levy,
            one.projected_rate,
            one.bound,
        )
        for district, one in made
    ]
    yield b.Heading("By district")
    totals = ("Total", None, None, None, None, levy, sum(one.at_rate for _, one in made), None, projected, None, None)
    note = (
        "Rates are dollars of tax for each $1,000 of taxable value. Districts of one layer do not overlap here: a "
        "parcel counts in the first that its point lies in."
    )
    yield b.Table("districts", "", _COLUMNS, rows, totals, note)
    if home and made:
        columns = (
            Column("district", Kind.TEXT, "District", width=24),
            Column("now", Kind.MONEY, "Tax now", decimals=2),
            Column("projected", Kind.MONEY, "Projected", decimals=2),
            Column("change", Kind.MONEY, "Change", decimals=2),
        )
        lines = []
        for district, one in made:
            now = home * district.rate / PER
            grown = home * (district.projected / district.taxable) if district.taxable else home
            then = grown * (one.projected_rate or 0.0) / PER
            lines.append((district.name, now, then, then - now))
        yield b.Table(
            "median_home",
            "Tax of a home of the median value",
            columns,
            lines,
            note="The home's value grows as all values of its district together do.",
        )
