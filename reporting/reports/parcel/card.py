"""The property record card's blocks. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from reporting.document import blocks as b
from reporting.document.labels import label
from reporting.document.texts import shown
from reporting.reports.parcel import comparables
from reporting.reports.parcel.file import AnnualValues, ParcelFile
from terrafusion.tables import Column, Kind
from terrafusion.words import day
from valuation.land.sources import MEANINGS, SHORT

_HISTORY = (
    Column("tax_year", Kind.YEAR, "Tax year", width=7),
    Column("effective", Kind.DATE, "Effective", width=10),
    Column("land", Kind.MONEY, "Land"),
    Column("land_source", Kind.TEXT, "Land from", width=10),
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
_REASONS = (Column("reason", Kind.TEXT, "What it rests on", width=30), Column("amount", Kind.MONEY, "Dollars"))


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
    source = MEANINGS.get(values.land_source or "", values.land_source)
    items = (
        b.Figure("tax_year", "Tax year", values.tax_year, Kind.YEAR),
        b.Figure("land_value", "Land", values.land, Kind.MONEY),
        b.Figure("improvement_value", "Improvements", values.improvements, Kind.MONEY),
        b.Figure("total_value", "Total value", values.total, Kind.MONEY),
        b.Figure("exemptions", "Exemptions", values.exemptions, Kind.MONEY),
        b.Figure("taxable", "Taxable", values.taxable, Kind.MONEY),
        *([b.Figure("land_source", "Land comes from", source)] if source else []),
    )
    return b.Facts("values", "Values on record" if values.total is not None else "No value is on record", items)


def _history_row(values: AnnualValues) -> b.Row:
    return (
        values.tax_year,
        values.effective,
        values.land,
        SHORT.get(values.land_source or "", values.land_source),
        values.improvements,
        values.total,
        values.exemptions,
        values.taxable,
    )


def valuation(sheet: dict[str, Any], level: int = 2) -> Iterator[b.Block]:
    """What a run says: the value, each approach, the comparables line by line, and the reasons in dollars."""
    method = label(sheet["valuation_method"]).lower()
    yield b.Heading(f"Valuation as of {day(date.fromisoformat(sheet['valuation_date']))}", level)
    if sheet["value"] is None:
        why = "; ".join(flag["meaning"] for flag in sheet["flags"]) or "the run gives no reason"
        yield b.Text(f"No value could be given by {method}: {why}", b.Tone.WARNING)
        return
    interval = sheet["interval"]
    note = ""
    if interval:
        low, high = shown(interval["low"], Kind.MONEY), shown(interval["high"], Kind.MONEY)
        note = f"{interval['confidence']:.0%} of such values lie between {low} and {high}"
    change = sheet["change_percent"]
    yield b.KeyFigures(
        "valuation",
        (
            b.Figure("value", "Value", sheet["value"], Kind.MONEY, note=note),
            b.Figure("previous_value", "Before", sheet["previous_value"], Kind.MONEY),
            b.Figure("change", "Change", None if change is None else change / 100, Kind.PERCENT, 1),
            b.Figure("state", "State", label(sheet["state"]), note=f"by {method}"),
        ),
    )
    if land := sheet.get("land_source"):
        items = (
            b.Figure("land_value", "Land", sheet["land_value"], Kind.MONEY),
            b.Figure("improvement_value", "Improvements", sheet["improvement_value"], Kind.MONEY),
            b.Figure("land_source", "Land comes from", land["meaning"]),
        )
        yield b.Facts("land", "Land and improvements", items)
    if "job_id" in sheet:
        yield b.Text(f"Valuation run: {sheet['job_id']}.", b.Tone.NOTE)
    flags = [flag["meaning"] for flag in sheet["flags"]]
    if flags:
        yield b.Text("Note: " + " ".join(flags), b.Tone.WARNING)
    approaches = [_approach(one) for one in sheet["approaches"]]
    if approaches:
        yield b.Table("approaches", "Approaches", _APPROACHES, approaches)
    if sheet["comparables"]:
        yield comparables.grid(sheet)
        if (rates := comparables.rates(sheet)) is not None:
            yield rates
    if sheet["reasons"]:
        rows = [(reason["label"], reason["amount"]) for reason in sheet["reasons"]]
        total = sum(reason["amount"] for reason in sheet["reasons"])
        what = "Reasons for the value by mass appraisal"
        yield b.Table("reasons", what, _REASONS, rows, ("Together", total))


def _approach(one: dict[str, Any]) -> b.Row:
    name = label(one["approach"])
    if "refused" in one:
        return (name, None, None, None, None, one["refused"]["meaning"])
    remark = " ".join(flag["meaning"] for flag in one.get("flags", ()))
    return (name, one["value"], one.get("low"), one.get("high"), one.get("weight"), remark)
