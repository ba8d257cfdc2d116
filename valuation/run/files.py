"""The files of a run: the sales that it was judged on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from terrafusion.tables import Column, Kind, write

if TYPE_CHECKING:
    import pandas as pd

JUDGED = (
    Column("parcel_number", Kind.TEXT, "Parcel", width=18),
    Column("property_class", Kind.TEXT, "Class", width=14),
    Column("neighborhood", Kind.TEXT, "Neighborhood", width=14),
    Column("sale_date", Kind.DATE, "Sold on"),
    Column("sale_price", Kind.INTEGER, "Price (USD)"),
    Column("price", Kind.INTEGER, "Price at the valuation date"),
    Column("value", Kind.INTEGER, "Value (USD)"),
    Column("ratio", Kind.NUMBER, "Ratio", decimals=4),
)


def write_judged(folder: Path, judged: pd.DataFrame) -> Path:
    path = folder / "judged_sales.csv"
    table = judged.assign(ratio=judged["value"] / judged["price"])
    table = table.assign(sale_date=table["sale_date"].dt.date)
    for name in ("sale_price", "price", "value"):
        table[name] = table[name].round().astype("int64")
    write(JUDGED, table[[column.name for column in JUDGED]].itertuples(index=False, name=None), [path])
    return path
