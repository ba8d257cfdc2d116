"""The change of value notice's blocks: one page a parcel, for a window envelope. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from reporting.document import blocks as b
from reporting.reports.parcel.file import AnnualValues, ParcelFile
from terrafusion.tables import Column, Kind
from terrafusion.words import day

_COLUMNS = (
    Column("item", Kind.TEXT, "Item", width=20),
    Column("before", Kind.MONEY, "Before"),
    Column("after", Kind.MONEY, "Now"),
    Column("change", Kind.MONEY, "Change"),
    Column("percent", Kind.PERCENT, "Percent", decimals=1),
)
MAILING = (
    Column("parcel_number", Kind.TEXT, "Parcel"),
    Column("recipient", Kind.TEXT, "Recipient", width=30),
    Column("address", Kind.TEXT, "Address", width=30),
    Column("city", Kind.TEXT, "City"),
    Column("state", Kind.TEXT, "State", width=6),
    Column("postal_code", Kind.TEXT, "Postal code", width=11),
    Column("bundle", Kind.TEXT, "Bundle"),
)


@dataclass(frozen=True)
class Letter:
    """What all notices of a mailing share."""

    sent_on: date
    appeal_by: date | None
    how_to_appeal: str
    signature: tuple[str, ...]


def section(parcel: ParcelFile, before: AnnualValues, now: AnnualValues, letter: Letter) -> b.Section:
    title = f"Notice of change of value, parcel {parcel.number}"
    return b.Section(parcel.number, title, tuple(_blocks(parcel, before, now, letter)), parcel.bundle)


def _blocks(parcel: ParcelFile, before: AnnualValues, now: AnnualValues, letter: Letter) -> Iterator[b.Block]:
    owner = parcel.owner
    yield b.Address((owner.name, *owner.lines) if owner else ("Owner of record",))
    yield b.Text(day(letter.sent_on))
    yield b.Facts(
        "property",
        "Your property",
        (
            b.Figure("parcel", "Parcel", parcel.number),
            b.Figure("situs", "Address", ", ".join(parcel.situs)),
            b.Figure("class", "Class", parcel.property_class),
            b.Figure("tax_year", "Tax year", now.tax_year, Kind.YEAR),
        ),
    )
    yield b.Text(
        "The assessor has determined a new value of this property. Your tax is based on the taxable value below."
    )
    rows = [
        _row("Land", before.land, now.land),
        _row("Improvements", before.improvements, now.improvements),
        _row("Total value", before.total, now.total),
        _row("Exemptions", before.exemptions, now.exemptions),
    ]
    title = f"Values of {before.tax_year or 'before'} and {now.tax_year or 'now'}"
    yield b.Table("change", title, _COLUMNS, rows, _row("Taxable value", before.taxable, now.taxable))
    yield b.Text("This is not a tax bill.")
    if letter.appeal_by:
        yield b.Text(f"If you do not agree, you may appeal until {day(letter.appeal_by)}.")
    for paragraph in letter.how_to_appeal.splitlines():
        if paragraph.strip():
            yield b.Text(paragraph.strip())
    for line in letter.signature:
        yield b.Text(line)


def _row(item: str, before: int | None, now: int | None) -> b.Row:
    change = None if before is None or now is None else now - before
    return (item, before, now, change, change / before if change is not None and before else None)
