"""Typed tables as CSV, XLSX and Parquet, row by row, so that memory does not grow with the rows. Knows no Django.

>>> columns = [Column("parcel_number", Kind.TEXT), Column("total_value", Kind.MONEY, "Total value")]
>>> write(columns, rows, [folder / "roll.csv", folder / "roll.xlsx", folder / "roll.parquet"])
"""

from terrafusion.tables.column import Column, Kind
from terrafusion.tables.write import ENDINGS, TableFiles, write
from terrafusion.tables.xlsx import Workbook

__all__ = ["ENDINGS", "Column", "Kind", "TableFiles", "Workbook", "write"]
