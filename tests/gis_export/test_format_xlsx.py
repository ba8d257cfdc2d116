"""Excel workbooks, read by openpyxl and by calamine."""

from __future__ import annotations

import datetime
import math
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import python_calamine
import shapely
from openpyxl.utils.escape import unescape

from gis_export.formats import xlsx
from gis_export.plan import ColumnPlan, ExportResult, LayerPlan
from gis_export.writer.export import run_plan
from tests.gis_export.compare import same_shape
from tests.gis_export.conftest import Exports, Row
from tests.gis_export.test_format_kml import complete
from tests.gis_export.test_writer_process import SQUARES, plan
from tests.gis_export.truth import Truth

LAYERS = ["parcels", "sales", "zoning", "roads", "trees"]


def read(path: Path, layer: str, like: Row) -> list[Row]:
    """The rows of a sheet; ``like`` has a value in every field."""
    heads, *rows = openpyxl.load_workbook(path)[layer].iter_rows(values_only=True)
    assert heads[-1] == "geometry_wkt"
    rows_read = []
    for *cells, wkt in rows:
        values = {name: _typed(cell, like.values[name]) for name, cell in zip(heads[:-1], cells, strict=True)}
        rows_read.append(Row(values, None if wkt is None else shapely.from_wkt(wkt)))
    return rows_read


def _typed(cell: Any, sample: Any) -> Any:
    """openpyxl gives a date as a date-time, and control characters as they are written in the file."""
    if isinstance(sample, datetime.datetime):
        return cell and cell.replace(tzinfo=datetime.UTC)
    if isinstance(sample, datetime.date):
        return datetime.date.fromisoformat(cell) if isinstance(cell, str) else cell and cell.date()
    if isinstance(sample, int) and isinstance(cell, str):
        assert len(cell.lstrip("-")) > 15  # what a spreadsheet has no exact number for
        return int(cell)
    return unescape(cell) if isinstance(cell, str) else cell


def to_the_millisecond(row: Row) -> Row:
    """As openpyxl rounds them; the file has microseconds."""
    values = {
        name: value + datetime.timedelta(microseconds=round(value.microsecond, -3) - value.microsecond)
        if isinstance(value, datetime.datetime)
        else value
        for name, value in row.values.items()
    }
    return Row(values, row.geometry)


def in_a_cell(shape: Any) -> bool:
    """Whether the text of the geometry, as PostGIS writes it, has room there."""
    return shape is None or len(shapely.to_wkt(shape, -1).replace(", ", ",").replace(" (", "(")) <= xlsx.TEXT_UNITS


TRUTH = Truth(
    lambda exports, export, layer: read(export.holding(layer), layer, complete(exports.rows(layer))),
    lambda exports, export, layer: map(to_the_millisecond, exports.rows(layer)),
    same=lambda wanted, got: got is None if not in_a_cell(wanted) else same_shape(wanted, got),
)


@pytest.mark.parametrize("layer", LAYERS)
def test_another_reader_finds_the_same_texts(exports: Exports, layer: str) -> None:
    book = python_calamine.load_workbook(exports("XLSX", *LAYERS).path)
    heads, *cells = book.get_sheet_by_name(layer).to_python()
    assert heads[:-1] == exports.fields(layer)
    for row, read_cells in zip(exports.rows(layer), cells, strict=True):
        for value, cell in zip(row.values.values(), read_cells, strict=False):
            if isinstance(value, str):
                assert cell == value


def test_no_cell_is_a_formula(exports: Exports) -> None:
    export = exports("XLSX", *LAYERS)
    cells = [cell for sheet in openpyxl.load_workbook(export.path) for row in sheet for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    assert [cell for cell in cells if str(cell.value).startswith("=")]
    with zipfile.ZipFile(export.path) as archive:
        sheets = [archive.read(name) for name in archive.namelist() if "worksheets" in name]
    assert len(sheets) == len(LAYERS)
    assert not any(re.search(b"<f[ >]", sheet) for sheet in sheets)


def test_types_and_styles_of_cells(exports: Exports) -> None:
    book = openpyxl.load_workbook(exports("XLSX", *LAYERS).path)
    heads = {cell.value: cell.column_letter for cell in book["parcels"][1]}
    number, value, day = (book["parcels"][heads[name] + "2"] for name in ("parcel_number", "total_value", "as_of"))
    assert (number.value, number.data_type, number.number_format) == ("0000", "s", "@")
    assert (value.value, value.data_type, value.number_format) == (1, "n", "0")
    assert (day.is_date, day.number_format) == (True, "yyyy-mm-dd")
    flag = {cell.value: cell.column_letter for cell in book["zoning"][1]}["flag"]
    assert book["zoning"][flag + "2"].data_type == "b"
    assert book["zoning"].freeze_panes == "A2"
    assert book.properties.created.year >= 2024
    assert book.properties.created == book.properties.modified


def test_losses(exports: Exports) -> None:
    rows = exports.rows("zoning")
    wide = [row for row in rows if row.values["big"] is not None and abs(row.values["big"]) >= 10**15]
    early = [row for row in rows if row.values["day"] and row.values["day"] < datetime.date(1900, 3, 1)]
    losses = exports("XLSX", *LAYERS).losses("zoning")
    assert ("retyped", "big", len(wide)) in losses
    assert ("retyped", "day", len(early)) in losses
    assert exports("XLSX", *LAYERS).losses("sales") == []


def test_geometry_as_point_or_not_at_all(exports: Exports) -> None:
    point = openpyxl.load_workbook(exports("XLSX", "parcels", options={"geometry": "point"}).path)["parcels"]
    first = dict(zip(*list(point.iter_rows(max_row=2, values_only=True)), strict=True))
    assert exports.rows("parcels")[0].geometry.covers(shapely.Point(first["point_x"], first["point_y"]))
    bare = exports("XLSX", "parcels", options={"geometry": "none"})
    heads = [cell.value for cell in openpyxl.load_workbook(bare.path)["parcels"][1]]
    assert heads == exports.fields("parcels")
    assert ("dropped", "", None) in bare.losses("parcels")


class TestLimits:
    """Of layers made in SQL, written in this process."""

    @pytest.fixture
    def written(self, _database: None, django_db_blocker: Any, tmp_path: Path) -> Iterator[Any]:
        def write(sql: str, *columns: ColumnPlan, name: str = "squares") -> ExportResult:
            folder = tmp_path / name
            folder.mkdir()
            wanted = plan(folder, "XLSX", sql)
            layer = replace(wanted.layers[0], name=name, columns=columns)
            with django_db_blocker.unblock():
                return run_plan(replace(wanted, layers=(layer, *_second(layer))), lambda _: None)

        yield write
        from gis_export.writer.source import Snapshot

        for connections in Snapshot._idle.values():
            while connections:
                connections.pop().close()

    @pytest.mark.parametrize("rows", [5, 10, 11, 25])
    def test_a_long_layer_goes_on_in_further_sheets(
        self, written: Any, monkeypatch: pytest.MonkeyPatch, rows: int
    ) -> None:
        monkeypatch.setattr(xlsx, "ROWS", 11)
        result = written(SQUARES.format(rows), ColumnPlan("number", "integer", total=True), ColumnPlan("name", "text"))
        book = openpyxl.load_workbook(result.file)
        names = ["squares", "squares (2)", "squares (3)"][: math.ceil(rows / 10)]
        assert book.sheetnames == [*names, "second"]
        numbers = []
        for name in names:
            heads, *cells = book[name].iter_rows(values_only=True)
            assert heads == ("number", "name", "geometry_wkt")
            assert len(cells) <= 10
            numbers += [number for number, *_ in cells]
        assert numbers == list(range(1, rows + 1))
        kinds = [loss["kind"] for loss in result.manifest["layers"][0]["losses"]]
        assert kinds == (["split"] if len(names) > 1 else [])

    def test_long_texts_and_numbers_that_are_none(self, written: Any) -> None:
        texts = {1: "'x' || repeat('é', 40000)", 2: "repeat('🏠', 20000)", 3: f"repeat('a', {xlsx.TEXT_UNITS})"}
        cases = " ".join(f"WHEN {i} THEN {sql}" for i, sql in texts.items())
        sql = (
            f"SELECT i AS k, CASE i WHEN 1 THEN ST_Multi(ST_Buffer(ST_Point(i, 0, 4326), 1, 1000)) END AS g, "
            f"CASE i {cases} END AS c0, "
            "(CASE i WHEN 1 THEN 'NaN' WHEN 2 THEN '-Infinity' ELSE '0.1' END)::float8 AS c1, "
            "'_x0041__x0042_ ' || i AS c2 FROM generate_series(1, 4) AS i"
        )
        result = written(sql, ColumnPlan("text", "text"), ColumnPlan("real", "real"), ColumnPlan("like", "text"))
        sheet = python_calamine.load_workbook(result.file).get_sheet_by_name("squares")
        _, *rows = sheet.to_python()
        assert [row[0] for row in rows] == ["x" + "é" * 32766, "🏠" * 16383, "a" * 32767, ""]
        assert [row[1] for row in rows] == ["", "", 0.1, 0.1]
        assert [row[2] for row in rows] == [f"_x0041__x0042_ {i}" for i in range(1, 5)]
        assert [row[3] for row in rows] == [""] * 4
        losses = [(loss["kind"], loss["count"]) for loss in result.manifest["layers"][0]["losses"]]
        assert losses == [("truncated", 2), ("dropped", 2), ("dropped", 1)]

    @pytest.mark.parametrize("name", ["history", "a_layer_whose_name_is_longer_than_a_sheet_takes"])
    def test_names_that_no_sheet_can_have(self, written: Any, name: str) -> None:
        result = written(SQUARES.format(1), ColumnPlan("number", "integer"), ColumnPlan("name", "text"), name=name)
        first, _ = openpyxl.load_workbook(result.file).sheetnames
        assert len(first) <= 31
        assert first.lower() != "history"
        (loss,) = result.manifest["layers"][0]["losses"]
        assert (loss["kind"], first in loss["detail"]) == ("renamed", True)


def _second(layer: LayerPlan) -> tuple[LayerPlan, ...]:
    """A further layer after the first, whose sheet must come last."""
    return (replace(layer, name="second", sql=SQUARES.format(2), columns=(ColumnPlan("number", "integer"),)),)
