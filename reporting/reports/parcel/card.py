"""The property record card's blocks. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from reporting.document import blocks as b
from reporting.document.texts import NOTHING, day, shown
from reporting.reports.parcel.file import ParcelFile, Values
from terrafusion.tables import Column, Kind

_HISTORY = (
    Column("tax_year", Kind.YEAR, "Tax year", width=7),
    Column("effective", Kind.DATE, "Effective", width=10),
    Column("land", Kind.MONEY, "Land"),
    Column("improvements", Kind.MONEY, "Improvements"),
    Column("total", Kind.MONEY, "Total"),
    Column("exemptions", Kind.MONEY, "Exemptions"),
    Column("taxable", Kind.MONEY, "Taxable"),
)
_SALES = (
    Column("sale_date", Kind.DATE, "Sold", width=11),
    Column("sale_price", Kind.MONEY, "Price"),
    Column("deed", Kind.TEXT, "Deed", width=10),
    Column("validity", Kind.TEXT, "Validity", width=10),
    Column("multi_parcel", Kind.BOOLEAN, "Several parcels", width=8),
)
_APPROACHES = (
    Column("approach", Kind.TEXT, "Approach", width=18),
    Column("value", Kind.MONEY, "Value"),
    Column("low", Kind.MONEY, "From"),
    Column("high", Kind.MONEY, "To"),
    Column("weight", Kind.PERCENT, "Weight", decimals=0, width=7),
    Column("remark", Kind.TEXT, "Remark", width=24),
)
_COMPARISON = "sales_comparison"
_REASONS = (Column("reason", Kind.TEXT, "What it rests on", width=30), Column("amount", Kind.MONEY, "Dollars"))
MOST_COMPARABLES = 5
_GRID = (
    Column("line", Kind.TEXT, "Item", width=17),
    Column("subject", Kind.TEXT, "This parcel", width=11),
    *(Column(f"comparable_{n}", Kind.TEXT, f"Comparable {n}", width=11) for n in range(1, MOST_COMPARABLES + 1)),
)


def section(parcel: ParcelFile) -> b.Section:
    return b.Section(parcel.number, f"Parcel {parcel.number}", tuple(blocks(parcel)), parcel.bundle)


def blocks(parcel: ParcelFile, level: int = 2) -> Iterator[b.Block]:
    """The card, with headings from ``level`` down."""
    situs = b.Figure("situs", "Situs address", ", ".join(parcel.situs))
    owner: tuple[b.Figure, ...] = ()
    if parcel.owner is not None:
        mail = b.Figure("mailing_address", "Mailing address", ", ".join(parcel.owner.lines))
        owner = (b.Figure("owner", "Owner", parcel.owner.name), mail)
    yield b.Facts("characteristics", "Property", (situs, *owner, *parcel.characteristics))
    yield _values_now(parcel)
    pictures: list[b.Map | b.Image] = []
    if parcel.map is not None:
        note = "Outlines as the county has them; not a survey. Up is grid north."
        pictures.append(b.Map("map", "", parcel.map, f"Map of parcel {parcel.number} and its neighbors.", note))
    else:
        pictures.append(b.Image("map", None, "No outline on record"))
    alt = f"Photograph of parcel {parcel.number}" if parcel.photo else "No photograph on file"
    pictures.append(b.Image("photo", parcel.photo, alt, parcel.photo_note))
    yield b.Beside(tuple(pictures))
    if parcel.sheet is not None:
        yield from valuation(parcel.sheet, level)
    history = [_history_row(values) for values in parcel.history]
    yield b.Table("value_history", "Value history", _HISTORY, history, note="" if history else "No value is on record.")
    sales = [(sale.day, sale.price, sale.deed, sale.validity, sale.multi_parcel) for sale in parcel.sales]
    yield b.Table("sale_history", "Sales", _SALES, sales, note="" if sales else "No sale is on record.")


def _values_now(parcel: ParcelFile) -> b.Facts:
    values = parcel.current
    items = (
        b.Figure("tax_year", "Tax year", values.tax_year, Kind.YEAR),
        b.Figure("land_value", "Land", values.land, Kind.MONEY),
        b.Figure("improvement_value", "Improvements", values.improvements, Kind.MONEY),
        b.Figure("total_value", "Total value", values.total, Kind.MONEY),
        b.Figure("exemptions", "Exemptions", values.exemptions, Kind.MONEY),
        b.Figure("taxable", "Taxable", values.taxable, Kind.MONEY),
    )
    return b.Facts("values", "Values on record" if values.total is not None else "No value is on record", items)


def _history_row(values: Values) -> b.Row:
    return (
        values.tax_year,
        values.effective,
        values.land,
        values.improvements,
        values.total,
        values.exemptions,
        values.taxable,
    )


def valuation(sheet: dict[str, Any], level: int = 2) -> Iterator[b.Block]:
    """What a run says: the value, each approach, the comparables line by line, and the reasons in dollars."""
    method = sheet["valuation_method"].replace("_", " ")
    yield b.Heading(f"Valuation as of {day(date.fromisoformat(sheet['valuation_date']))}", level)
    if sheet["value"] is None:
        why = "; ".join(flag["meaning"] for flag in sheet["flags"]) or "the run gives no reason"
        yield b.Text(f"No value could be given by {method}: {why}", b.Tone.WARNING)
        return
    interval = sheet["interval"]
    told = ""
    if interval:
        low, high = shown(interval["low"], Kind.MONEY), shown(interval["high"], Kind.MONEY)
        told = f"{interval['confidence']:.0%} of such values lie between {low} and {high}"
    change = sheet["change_percent"]
    yield b.KeyFigures(
        "valuation",
        (
            b.Figure("value", "Value", sheet["value"], Kind.MONEY, note=told),
            b.Figure("previous_value", "Before", sheet["previous_value"], Kind.MONEY),
            b.Figure("change", "Change", None if change is None else change / 100, Kind.PERCENT, 1),
            b.Figure("state", "State", sheet["state"], note=f"by {method}"),
        ),
    )
    flags = [flag["meaning"] for flag in sheet["flags"]]
    if flags:
        yield b.Text("Mind: " + " ".join(flags), b.Tone.WARNING)
    approaches = [_approach(one) for one in sheet["approaches"]]
    if approaches:
        yield b.Table("approaches", "Approaches", _APPROACHES, approaches)
    if sheet["comparables"]:
        yield comparables(sheet)
    if sheet["reasons"]:
        rows = [(reason["label"], reason["amount"]) for reason in sheet["reasons"]]
        total = sum(reason["amount"] for reason in sheet["reasons"])
        what = "Reasons for the value by mass appraisal"
        yield b.Table("reasons", what, _REASONS, rows, ("Together", total))


def _approach(one: dict[str, Any]) -> b.Row:
    name = one["approach"].replace("_", " ").capitalize()
    if "refused" in one:
        return (name, None, None, None, None, one["refused"]["meaning"])
    remark = " ".join(flag["meaning"] for flag in one.get("flags", ()))
    return (name, one["value"], one.get("low"), one.get("high"), one.get("weight"), remark)


def comparables(sheet: dict[str, Any]) -> b.Table:
    """The adjustment grid: a line an item, a column a comparable."""
    found = sheet["comparables"][:MOST_COMPARABLES]
    lines: list[list[Any]] = []

    def line(label: str, subject: str, texts: list[str]) -> None:
        lines.append([label, subject, *texts, *[None] * (MOST_COMPARABLES - len(texts))])

    parcel = sheet["parcel"]
    line("Parcel", str(sheet["parcel_number"]), [one["parcel_number"] for one in found])
    addresses = [one["situs_address"] for one in found]
    if any(addresses):
        line("Address", parcel.get("situs_address") or "", addresses)
    line("Distance", "", [_distance(one["distance_m"]) for one in found])
    line("Sold", "", [day(date.fromisoformat(one["sale_date"])) for one in found])
    line("Price", "", [shown(one["sale_price"], Kind.MONEY) for one in found])
    line("At the valuation date", "", [shown(one["time_adjusted_price"], Kind.MONEY) for one in found])
    names = {adjustment["name"]: adjustment for one in found for adjustment in one["adjustments"]}
    for name, sample in names.items():
        texts = []
        for one in found:
            its = next((adjustment for adjustment in one["adjustments"] if adjustment["name"] == name), None)
            texts.append("" if its is None else f"{_plain(its['comparable'], name)} ({_signed(its['amount'])})")
        line(sample["label"], _plain(sample["subject"], name), texts)
    line("Net adjustment", "", [_signed(one["net_adjustment"]) for one in found])
    adjusted = [shown(one["adjusted_price"], Kind.MONEY) for one in found]
    line("Adjusted price", shown(_indicated(sheet), Kind.MONEY), adjusted)
    line("Weight", "", [shown(one["weight"], Kind.PERCENT, 0) for one in found])
    return b.Table("comparables", "Comparable sales and their adjustments", _GRID, lines, note=_sources(names))


def _indicated(sheet: dict[str, Any]) -> int | None:
    """What the comparables say: the value of their own approach, which need not be the value that stands."""
    own = (one.get("value") for one in sheet["approaches"] if one["approach"] == _COMPARISON)
    value: int | None = next(own, sheet["value"])
    return value


def _sources(names: dict[str, dict[str, Any]]) -> str:
    labels: dict[str, list[str]] = {}
    for one in names.values():
        if one.get("source"):
            labels.setdefault(one["source"], []).append(one["label"])
    told = [f"{', '.join(those)}: {source}" for source, those in labels.items()]
    return "In brackets, what the difference is worth in dollars. Net adjustments are dollars. " + " ".join(told)


def _plain(value: Any, name: str) -> str:
    if "year" in name and value is not None:
        return shown(value, Kind.YEAR)
    return f"{value:,g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value or NOTHING)


def _signed(amount: float) -> str:
    return f"{amount:+,.0f}"


def _distance(metres: float | None) -> str:
    if metres is None or metres < 0:
        return ""
    feet = metres / 0.3048
    return f"{feet:,.0f} ft" if feet < 5280 else f"{feet / 5280:.1f} mi"
