"""Odd shapes in files: slivers that rounding spoils, layers across 180 degrees, lines that go back, early years."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import ezdxf
import fiona
import numpy as np
import pytest
import shapely
from pmtiles.reader import MemorySource, Reader

from gis_export.formats.base import SPOILED
from gis_export.plan import ColumnPlan, ExportResult
from tests.gis_export.conftest import STATE_PLANE, Exports, Row
from tests.gis_export.test_format_pmtiles import read
from tests.gis_export.test_verify_export import Verify, repacked, verify
from tests.gis_export.test_writer_process import plan, run_plan

__all__ = ["verify"]  # a fixture

_BOX = "ST_Multi(ST_SetSRID(ST_MakeEnvelope({}, 51, {}, 52), 4326))"


def written(folder: Path, export_format: str, sql: str, kind: str, *columns: ColumnPlan, **more: Any) -> ExportResult:
    folder.mkdir(exist_ok=True)
    wanted = plan(folder, export_format, sql)
    layer = replace(wanted.layers[0], geometry_type=kind, columns=columns, **more)
    return run_plan(replace(wanted, layers=(layer,)))


@pytest.mark.usefixtures("db")
class TestFiles:
    @pytest.mark.parametrize("export_format", ["GeoJSON", "KML"])
    def test_slivers_that_rounding_spoils_are_counted(self, tmp_path: Path, export_format: str) -> None:
        sql = (
            "SELECT i AS k, ST_Multi(ST_SetSRID(ST_MakePolygon(ST_MakeLine(ARRAY[ST_Point(x, 47), "
            "ST_Point(x + 0.0013, 47.00071 + i * 2.0437e-9), ST_Point(x + 0.0026, 47.00142), "
            "ST_Point(x + 0.0013, 47.00071 - i * 2.0437e-9), ST_Point(x, 47)])), 4326)) AS g "
            "FROM generate_series(1, 60) AS i CROSS JOIN LATERAL (SELECT -122 + i * 0.0031 + i / 3e8 AS x) AS p"
        )
        done = written(tmp_path, export_format, sql, "MultiPolygon")
        (entry,) = done.manifest["layers"]
        (count,) = [loss["count"] for loss in entry["losses"] if loss["detail"] == SPOILED]
        assert 5 < count < 60
        if export_format == "GeoJSON":
            shapes = shapely.from_geojson(Path(done.file).read_text()).geoms
            assert count == sum(not shape.is_valid for shape in shapes)
        asked = written(tmp_path / "asked", export_format, sql, "MultiPolygon", precision=9)
        assert SPOILED not in [loss["detail"] for loss in asked.manifest["layers"][0]["losses"]]

    def test_a_box_across_180_degrees(self, tmp_path: Path) -> None:
        sql = f"SELECT 1 AS k, ST_Collect({_BOX.format(179, 180)}, {_BOX.format(-180, -179.5)}) AS g UNION ALL "
        sql = f"SELECT k, ST_CollectionExtract(g, 3) AS g FROM ({sql} SELECT 2, {_BOX.format(178, 178.5)}) AS two"
        done = written(tmp_path, "GeoJSON", sql, "MultiPolygon")
        assert json.loads(Path(done.file).read_text())["bbox"] == [178, 51, -179.5, 52]
        around = f"{sql} UNION ALL SELECT 3, {_BOX.format(-1, 1)}"
        far = written(tmp_path / "far", "GeoJSON", around, "MultiPolygon")
        assert json.loads(Path(far.file).read_text())["bbox"] == [-180, 51, 180, 52]
        tiles = f"SELECT k, ST_Transform(g, 3857) AS g FROM ({sql}) AS degrees"
        options = {"srid": 3857, "options": {"max_zoom": 8}}
        archive = written(tmp_path / "tiles", "PMTiles", tiles, "MultiPolygon", **options)
        header = Reader(MemorySource(Path(archive.file).read_bytes())).header()
        assert (header["min_lon_e7"], header["max_lon_e7"]) == (-1_800_000_000, 1_800_000_000)
        assert header["center_lon_e7"] == pytest.approx(1_792_500_000, abs=10)
        assert header["center_zoom"] > 4

    def test_lines_that_go_back_the_way_they_came(self, tmp_path: Path) -> None:
        lines = [
            "MULTILINESTRING((0 0, 150 0, 150 90, 150 0, 300 0))",
            "MULTILINESTRING((0 200, 2500 200, 0 200))",
            "MULTILINESTRING((0 400, 100 400, 50 400, 50 430))",
        ]
        values = ", ".join(f"({i}, '{line}')" for i, line in enumerate(lines, start=1))
        sql = (
            "SELECT k, ST_Translate(ST_SetSRID(wkt::geometry, 3857), -13e6, 6e6) AS g, k::bigint AS c0 "
            f"FROM (VALUES {values}) AS given(k, wkt)"
        )
        options = {"srid": 3857, "options": {"max_zoom": 15}}
        done = written(tmp_path, "PMTiles", sql, "MultiLineString", ColumnPlan("number", "integer"), **options)
        wanted = [shapely.transform(shapely.from_wkt(line), lambda xy: xy + np.array([-13e6, 6e6])) for line in lines]
        rows = read(Path(done.file), "squares", Row({"number": 1}, wanted[0]))
        assert [row.values["number"] for row in rows] == [1, 2, 3]
        for row, line in zip(rows, wanted, strict=True):
            assert shapely.hausdorff_distance(line, row.geometry, densify=0.01) < 1, row.geometry

    def test_years_of_fewer_than_four_digits_in_a_shapefile(self, tmp_path: Path) -> None:
        days = ["0999-05-03", "0045-03-15", "2024-02-29"]
        values = ", ".join(f"({i}, '{day}'::date)" for i, day in enumerate(days))
        sql = f"SELECT k, {_BOX.format(0, 1)} AS g, d AS c0, d::timestamptz AS c1, NULL::date AS c2 "
        columns = (ColumnPlan("day", "date"), ColumnPlan("moment", "datetime"), ColumnPlan("none", "date"))
        done = written(tmp_path, "Shapefile", f"{sql} FROM (VALUES {values}) AS v(k, d)", "MultiPolygon", *columns)
        with zipfile.ZipFile(done.file) as archive:
            archive.extractall(tmp_path / "files")
        with fiona.open(next((tmp_path / "files").glob("*.shp"))) as file:
            records = [[row["properties"][name] for name in ("day", "moment", "none")] for row in file]
        assert records == [[day, day, None] for day in days]
        table = next((tmp_path / "files").glob("*.dbf")).read_bytes()
        assert b"0999050309990503" in table

    def test_a_drawing_with_a_layer_that_is_named_as_labels(self, tmp_path: Path) -> None:
        wanted = plan(tmp_path, "DXF")
        layer = replace(wanted.layers[0], srid=STATE_PLANE, sql=wanted.layers[0].sql.replace("4326", str(STATE_PLANE)))
        done = run_plan(replace(wanted, layers=(layer, replace(layer, name=f"{layer.name}_labels"))))
        with zipfile.ZipFile(done.file) as archive:
            archive.extractall(tmp_path / "files")
        drawing = ezdxf.readfile(next((tmp_path / "files").glob("*.dxf")))
        layers = {entity.dxf.layer for entity in drawing.modelspace()}
        assert layers == {"squares", "squares_labels", "squares_labels_2", "squares_labels_labels"}


@pytest.mark.parametrize("crs", ["EPSG:4326", "state_plane"])
def test_the_extent_of_gml_is_compared(exports: Exports, verify: Verify, tmp_path: Path, crs: str) -> None:
    export = exports("GML", "sales", crs=crs)
    assert "Nothing differs" in verify(export.path)
    name = export.file(".gml").name
    text = export.file(".gml").read_text()
    at = text.index("<gml:pos>") + len("<gml:pos>")
    forged: dict[str, bytes | None] = {name: f"{text[:at]}9{text[at:]}".encode()}
    with pytest.raises(Exception, match="DIFFERENT: sales: the extent is"):
        verify(repacked(export, tmp_path / "changed.zip", forged))


def test_the_extent_of_tiles_is_compared(exports: Exports, verify: Verify, tmp_path: Path) -> None:
    export = exports("PMTiles", "parcels", package="zip")
    assert "Nothing differs" in verify(export.path)
    manifest = json.loads(export.files["manifest.json"].read_text())
    manifest["layers"][0]["extent"][0] -= 10
    forged: dict[str, bytes | None] = {"manifest.json": json.dumps(manifest).encode()}
    with pytest.raises(Exception, match="DIFFERENT: parcels: the extent is"):
        verify(repacked(export, tmp_path / "changed.zip", forged))
