"""The sales of a ratio study as blocks: used, excluded, sold against unsold. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from reporting.document import blocks as b
from reporting.document.labels import label
from terrafusion.money import dollars, half_up
from terrafusion.tables import Column, Kind
from terrafusion.words import counted, day
from valuation.ratio import Balance

if TYPE_CHECKING:
    import pandas as pd

SALES = (
    Column("parcel_number", Kind.TEXT, "Parcel", width=12),
    Column("neighborhood", Kind.TEXT, "Neighborhood", width=12),
    Column("property_class", Kind.TEXT, "Class", width=12),
    Column("sale_date", Kind.DATE, "Sold", width=11),
    Column("sale_price", Kind.MONEY, "Price"),
    Column("price", Kind.MONEY, "Price at valuation date", width=12),
    Column("value", Kind.MONEY, "Value"),
    Column("ratio", Kind.NUMBER, "Ratio", decimals=3, width=7),
)


def excluded(counts: Mapping[str, Any]) -> b.Table:
    """Sales that are not used, by reason; ``counts`` as ``records.sales.screening`` gives them."""
    columns = (
        Column("reason", Kind.TEXT, "Reason", width=16),
        Column("sales", Kind.INTEGER, "Sales"),
        Column("meaning", Kind.TEXT, "Meaning", width=50),
    )
    lines: list[b.Row] = [(label(one["reason"]), one["sales"], one["meaning"]) for one in counts.get("excluded", ())]
    if counts.get("without_a_value"):
        meaning = "The parcel has no value to compare the price with."
        lines.append((label("without_a_value"), counts["without_a_value"], meaning))
    of_span = ""
    if "in_span" in counts:
        of_span = f"; {counts['in_span']:,} of them from {day(date.fromisoformat(counts['studied_from']))} on"
    note = f"{counted(counts.get('sales', 0), 'sale')} read; {counts.get('kept', 0):,} passed the screening{of_span}."
    return b.Table("excluded", "Sales excluded", columns, lines, note=note)


def balance(sides: Balance) -> b.Text:
    state = "in balance" if sides.balanced else "out of balance: sold parcels may have been valued from their prices"
    return b.Text(
        f"Sold and unsold: the median value per square foot is {dollars(sides.median_sold, 2)} of {sides.sold:,} sold "
        f"and {dollars(sides.median_unsold, 2)} of {sides.unsold:,} unsold parcels; they are {state}."
    )


def rows(used: pd.DataFrame) -> Iterator[b.Row]:
    for one in used.sort_values(["sale_date", "parcel_number"]).itertuples():
        yield (
            one.parcel_number,
            one.neighborhood or None,
            one.property_class or None,
            one.sale_date.date(),
            int(one.sale_price),
            int(half_up(float(one.price))),
            int(half_up(float(one.value))),
            float(one.value) / float(one.price),
        )
