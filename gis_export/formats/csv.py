"""CSV, RFC 4180, safe to open in a spreadsheet."""

from __future__ import annotations

from gis_export.formats.base import as_text, concat, literal
from gis_export.formats.tables import GEOMETRY, geometry_columns, geometry_loss
from gis_export.formats.text import TextFormat
from gis_export.plan import LayerPlan, Loss

_APOSTROPHE = literal("'")


class CSV(TextFormat):
    name = "CSV"
    label = "CSV with WKT geometry"
    extension = "csv"
    media_type = "text/csv"
    description = "A table with the geometry as well-known text in its last column, for spreadsheets and scripts."
    notes = (
        "UTF-8, comma-separated, CRLF line ends; text is always quoted, so that parcel numbers keep their zeros.",
        "Text that begins with = + - @ gets an apostrophe in front, so that no spreadsheet runs it; numbers do not.",
        "An unquoted empty cell is an absent value, a quoted one is an empty text.",
    )
    options = (GEOMETRY,)
    may_lose = {
        "altered": "Text that a spreadsheet would run as a formula gets an apostrophe in front.",
        "dropped": "Geometries, or all of them but a point, where the option geometry asks for it.",
    }
    bytes_per_record = 600
    # A cell that begins with one of = + - @, tab or CR is run as a formula by spreadsheets (OWASP, CSV injection).
    special = r'"|(?:^|\x7f)[=+\-@\t\r]'

    def header(self, layer: LayerPlan) -> str:
        names = [*(column.name for column in layer.columns), *(name for name, _ in geometry_columns(layer))]
        return ",".join('"' + name.replace('"', '""') + '"' for name in names) + "\r\n"

    def feature(self, layer: LayerPlan, *, plain: bool) -> str:
        cells = []
        for i, column in enumerate(layer.columns):
            cells.append(_quoted(f"c{i}", plain) if column.type == "text" else as_text(column, f"c{i}"))
        for _, sql in geometry_columns(layer):
            cells.append(f"""'"' || {sql} || '"'""" if sql.startswith("ST_AsText") else sql)
        parts = [part for cell in cells for part in (cell, "','")]
        return concat([*parts[:-1], r"E'\r\n'"])

    def counters(self, layer: LayerPlan) -> dict[str, str]:
        tests = [f"coalesce(({_is_formula(f'c{i}')})::int, 0)" for i, c in enumerate(layer.columns) if c.type == "text"]
        return {"neutralised": " + ".join(tests) or "0"}

    def losses(self, layer: LayerPlan, counted: dict[str, int]) -> list[Loss]:
        count = counted["neutralised"]
        detail = "Text that a spreadsheet would run as a formula has an apostrophe in front."
        altered = [Loss(layer.name, "altered", detail, count=count)] if count else []
        return [*altered, *geometry_loss(layer)]


def _is_formula(sql: str) -> str:
    return f"left({sql}, 1) IN ('=', '+', '-', '@', E'\\t', E'\\r')"


def _quoted(sql: str, plain: bool) -> str:
    if plain:
        return f"""'"' || {sql} || '"'"""
    apostrophe = f"CASE WHEN {_is_formula(sql)} THEN {_APOSTROPHE} ELSE '' END"
    return f"""'"' || {apostrophe} || replace({sql}, '"', '""') || '"'"""


FORMAT = CSV()
