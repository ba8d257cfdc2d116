"""NaN and the infinities, which a real number may be: what each format makes of them, and what it tells as lost."""

from __future__ import annotations

import math
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pyogrio.raw
import pytest

from gis_export.formats import registry
from gis_export.plan import ColumnPlan
from tests.gis_export.conftest import FORMATS
from tests.gis_export.test_writer_process import SQUARES, plan, run_plan

INF = math.inf
NUMBERS = ["NaN", "Infinity", "-Infinity", "0.5"]
KEPT = [math.nan, INF, -INF, 0.5]
# What is read from the file, and how many numbers are told as lost.
EXPECTED: dict[str, tuple[list[Any], int]] = {
    "CSV": (NUMBERS, 0),  # which has no types
    "DXF": (NUMBERS, 0),  # in its CSV
    "FileGDB": (KEPT, 0),
    "FlatGeobuf": (KEPT, 0),
    "GeoJSON": (NUMBERS, 3),
    "GeoJSONSeq": (NUMBERS, 3),
    "GeoPackage": ([None, INF, -INF, 0.5], 1),
    "GeoParquet": (KEPT, 0),
    "GML": (KEPT, 0),
    "KML": (KEPT, 0),
    "PMTiles": ([None, None, None, 0.5], 3),
    "Shapefile": ([None, None, None, 0.5], 3),
    "TAB": ([0, 0, 0, 0.5], 3),
    "XLSX": ([None, None, None, 0.5], 3),
}


@pytest.mark.parametrize("export_format", FORMATS)
def test_numbers_that_are_none(tmp_path: Path, transactional_db: None, export_format: str) -> None:
    srid = registry.get(export_format).fixed_srid or 4326
    sql = SQUARES.format(4).replace("i::bigint", f"(ARRAY{NUMBERS})[i]::float8").replace("4326", str(srid))
    wanted = plan(tmp_path, export_format, sql)
    columns = (ColumnPlan("number", "real"), ColumnPlan("name", "text", width=20))
    result = run_plan(replace(wanted, layers=(replace(wanted.layers[0], columns=columns, srid=srid),)))
    path = Path(result.file)
    losses = [loss for loss in result.manifest["layers"][0]["losses"] if loss["count"]]
    if export_format == "KMZ":
        with zipfile.ZipFile(path) as archive:
            texts = [f'<SimpleData name="number">{text}</SimpleData>' for text in ("NaN", "INF", "-INF", "0.5")]
            assert all(text in archive.read("doc.kml").decode() for text in texts)
        assert losses == []
        return
    numbers, lost = EXPECTED[export_format]
    assert sum(loss["count"] for loss in losses) == lost
    assert {loss["kind"] for loss in losses} <= {"altered", "dropped"}
    assert sorted(read(path, tmp_path / "files"), key=repr) == pytest.approx(sorted(numbers, key=repr), nan_ok=True)


def read(path: Path, folder: Path) -> list[Any]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            archive.extractall(folder)
        endings = (".shp", ".tab", ".gml", ".gdb", ".csv")
        path = next(path_found for ending in endings for path_found in sorted(folder.rglob(f"*{ending}")))
    if path.suffix == ".parquet":
        return list(pq.read_table(path).column("number").to_pylist())
    _, table = pyogrio.raw.read_arrow(path, read_geometry=False)
    return list(table.column("number").to_pylist())
