"""Every format, opened by other programs than wrote it: Debian's GDAL 3.6 and its QGIS 3.22, and the newest GDAL.

``make test-qgis`` installs the two of Debian; where they are not installed, their tests are skipped.
"""

from __future__ import annotations

import csv
import json
import subprocess
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely

from gis_export.formats import registry
from tests.gis_export import read_elsewhere
from tests.gis_export.conftest import FORMATS, Export, Exports, Row

# With the tests that make these exports.
pytestmark = pytest.mark.xdist_group("tests/gis_export/test_verify_export.py exports")

LAYERS = ["parcels", "zoning", "sales", "trees"]
FIELDS = {
    "parcels": ["parcel_number", "year_built", "total_value", "improvement_value"],
    "sales": ["sale_id", "sale_price", "sale_date"],
}
OPTIONS = {"FileGDB": {"arcgis": "10.0"}}
PYTHON = "/usr/bin/python3"
NO_DRIVER = {
    ("gdal", "GeoParquet"): "Debian's GDAL has no driver for it",
    ("qgis", "GeoParquet"): "Debian's GDAL has no driver for it",
    ("pyogrio", "GeoParquet"): "the GDAL of pyogrio's wheels has no driver for it; DuckDB reads it in its own tests",
    ("gdal", "PMTiles"): "GDAL has a driver for it since 3.8",
    ("qgis", "PMTiles"): "GDAL has a driver for it since 3.8",
}
NO_CRS = ("CSV", "XLSX")
CASES = [(name, layer) for name in FORMATS if name != "DXF" for layer in FIELDS]  # which holds outlines and labels


@cache
def reason_not_to_use(module: str) -> str:
    """Empty where the system's Python has it."""
    try:
        done = subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True, text=True, check=False)
    except OSError as error:
        return str(error)
    return "" if done.returncode == 0 else f"The system's Python has no {module}: make test-qgis installs it."


def by_pyogrio(path: str, layer: str | None, fields: list[str]) -> dict[str, Any]:
    with warnings.catch_warnings(action="ignore"):
        try:
            meta, _, shapes, columns = pyogrio.raw.read(path, layer=layer, columns=fields, datetime_as_string=True)
        except pyogrio.errors.DataSourceError as error:
            return {"error": str(error)}
    values_by_field = dict(zip(meta["fields"], columns, strict=True))
    rows = [
        [
            *(_as_text(values_by_field[name][i]) for name in fields),
            None if shape is None else shapely.from_wkb(shape).area,
        ]
        for i, shape in enumerate(shapes if shapes is not None else [None] * len(columns[0]))
    ]
    return {"crs": meta["crs"] or "", "count": len(rows), "rows": rows}


def _as_text(value: Any) -> str | None:
    return None if value is None or value != value else str(value)


@pytest.fixture(scope="session")
def answers(exports: Exports) -> Any:
    """Of a reader, by format and layer; each program is started once."""

    @cache
    def read(reader: str) -> dict[tuple[str, str], dict[str, Any]]:
        if reader in NAMES and (reason := reason_not_to_use(NAMES[reader])):
            pytest.skip(reason)
        asked = [place(made(exports, name), layer) for name, layer in CASES]
        if reader == "pyogrio":
            answered = [by_pyogrio(**each) for each in asked]
        else:
            command = [PYTHON, read_elsewhere.__file__, reader]
            done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=True)
            answered = json.loads(done.stdout.splitlines()[-1])
        return dict(zip(CASES, answered, strict=True))

    return read


NAMES = {"gdal": "osgeo.ogr", "qgis": "qgis.core"}


def made(exports: Exports, name: str) -> Export:
    options = {"options": OPTIONS[name]} if name in OPTIONS else {}
    return exports(name, *LAYERS, **options)


def place(export: Export, layer: str) -> dict[str, Any]:
    """Where the layer is, and what its fields are named there."""
    kind, fields = registry.get(export.job.export_format), FIELDS[layer]
    if kind.name == "Shapefile":
        with export.files[f"{layer}_fields.csv"].open(encoding="utf-8", newline="") as file:
            short = {row["field"]: row["shapefile_field"] for row in csv.DictReader(file)}
        fields = [short[name] for name in fields]
    path: Path = export.holding(layer)
    if kind.always_zip and not kind.multi_layer:
        path = export.files[f"{layer}.{'shp' if kind.name == 'Shapefile' else kind.extension}"]
    return {"path": str(path), "layer": layer if kind.multi_layer else None, "fields": fields}


def comparable(values: list[Any]) -> list[Any]:
    """Numbers as such, whatever type the format has for them; dates without a time; nothing for the empty text."""
    return [values[0], *(_comparable(value) for value in values[1:])]


def _comparable(value: Any) -> Any:
    text = "" if value is None else str(value).replace("/", "-")[:10] if "-" in str(value) else str(value)
    try:
        return float(text)
    except ValueError:
        return text[:4] + text[4:].replace("/", "-")[:6]


def wanted(rows: list[Row], name: str, layer: str) -> list[list[Any]]:
    kept = [row for row in rows if row.has_shape or name not in ("FlatGeobuf", "PMTiles")]
    rows_kept = [comparable([row.values[field] for field in FIELDS[layer]]) for row in kept]
    if name == "TAB":  # which has no absent numbers
        rows_kept = [[0.0 if value == "" else value for value in values] for values in rows_kept]
    return sorted(rows_kept)


@pytest.mark.parametrize("reader", ["gdal", "qgis", "pyogrio"])
@pytest.mark.parametrize(("name", "layer"), CASES)
def test_counts_fields_crs_and_values(exports: Exports, answers: Any, reader: str, name: str, layer: str) -> None:
    answer = answers(reader)[name, layer]
    if reason := NO_DRIVER.get((reader, name)):
        assert "error" in answer
        pytest.skip(reason)
    assert "error" not in answer, answer
    rows = exports.rows(layer)
    values = [comparable(row[:-1]) for row in answer["rows"]]
    if name == "PMTiles":  # a record is in each tile that it touches
        values = [list(each) for each in {tuple(each) for each in values}]
    else:
        assert answer["count"] == len(answer["rows"])
    assert sorted(values) == wanted(rows, name, layer)
    if name not in NO_CRS:
        crs = answer["crs"]
        assert crs, "no CRS"
        if name not in ("TAB", "PMTiles"):
            assert crs in ("EPSG:4326", "WGS 84"), crs
    if layer == "parcels" and name not in (*NO_CRS, "PMTiles"):
        area = sum(row.geometry.area for row in rows if row.geometry is not None)
        assert sum(row[-1] or 0 for row in answer["rows"]) == pytest.approx(area, rel=1e-3)


def test_a_geodatabase_that_keeps_its_types_says_what_opens_it(exports: Exports) -> None:
    """For ArcGIS 10.0, GDAL 3.6 and QGIS 3.22 there is an option; its losses are counted."""
    kept, old = exports("FileGDB", *LAYERS), made(exports, "FileGDB")
    assert ("retyped", "total_value", None) not in kept.losses("parcels")
    assert ("retyped", "total_value", None) in old.losses("parcels")
    assert ("retyped", "sale_date", None) in old.losses("sales")
    large = [row.values["land_value"] for row in exports.rows("parcels")]
    lost = sum(value is not None and int(float(value)) != value for value in large)
    assert lost
    assert ("altered", "land_value", lost) in old.losses("parcels")


def test_whole_numbers_of_mapinfo(exports: Exports) -> None:
    losses = exports("TAB", *LAYERS).manifest["layers"][0]["losses"]
    retyped = {loss["field"]: loss["detail"][-5:-1] for loss in losses if loss["kind"] == "retyped"}
    assert retyped == {"land_value": "text", "improvement_value": "real"}
