"""DXF drawings, read by ezdxf and by Debian's GDAL, with the attributes from the CSV beside them."""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import ezdxf
import numpy as np
import pyproj
import pytest
import shapely

from gis_export.formats.dxf_frame import APPLICATION
from tests.gis_export.compare import transformed, within
from tests.gis_export.conftest import STATE_PLANE, Export, Exports, Row
from tests.gis_export.test_format_csv import header, table, values
from tests.gis_export.test_format_kml import complete
from tests.gis_export.test_format_native import needs_ogrinfo
from tests.gis_export.truth import Truth

LAYERS = ["parcels", "sales", "zoning", "roads", "trees"]


def read(path: Path, layer: str, like: Row) -> list[Row]:
    """The records of the CSV beside the drawing, each with what the drawing has of its number; ``like`` has a value in
    every field."""
    by_record = shapes(path, layer)
    beside = path.with_name(f"{layer}.csv")
    assert header(beside) == ["record", *like.values]
    return [Row(values(cells, like), by_record.get(int(record or 0))) for record, *cells in table(beside)]


def shapes(path: Path, layer: str) -> dict[int, Any]:
    """By the number of the record."""
    parts = defaultdict(list)
    for entity in ezdxf.readfile(path).modelspace():
        if entity.dxf.layer == layer:
            parts[_record(entity)].append(entity)
    return {record: _shape(entities) for record, entities in parts.items()}


def _record(entity: Any) -> int:
    ((code, number),) = entity.get_xdata(APPLICATION)
    assert code == 1071
    return int(number)


def _shape(entities: list[Any]) -> Any:
    kinds = {entity.dxftype() for entity in entities}
    if kinds == {"POINT"}:
        points = [shapely.Point(*entity.dxf.location.vec2) for entity in entities]
        return points[0] if len(points) == 1 else shapely.MultiPoint(points)
    assert kinds == {"LWPOLYLINE"}
    lines = [np.array(entity.get_points("xy")) for entity in entities]
    if not entities[0].closed:
        return shapely.MultiLineString(lines)
    assert all(entity.closed for entity in entities)
    return _areas([shapely.Polygon(line) for line in lines])


def _areas(rings: list[Any]) -> Any:
    """Of outlines: one within another is a hole of it."""
    rings = sorted(rings, key=lambda ring: -ring.area)
    areas: list[tuple[Any, list[Any]]] = []
    for ring in rings:
        holes = next((holes for outer, holes in areas if outer.covers(ring)), None)
        if holes is None:
            areas.append((ring, []))
        else:
            holes.append(ring.exterior)
    return shapely.MultiPolygon([shapely.Polygon(outer.exterior, holes) for outer, holes in areas])


def in_the_drawing(exports: Exports, export: Export, layer: str) -> list[Row]:
    """An empty geometry draws nothing."""
    return [Row(row.values, row.geometry if row.has_shape else None) for row in exports.rows(layer)]


to_state_plane = transformed(STATE_PLANE)


TRUTH = Truth(
    lambda exports, export, layer: read(export.holding(layer), layer, complete(exports.rows(layer))),
    in_the_drawing,
    to_state_plane,
    same=within(1e-6),  # feet: PostGIS's PROJ is not pyproj's
)


@pytest.mark.parametrize("layer", LAYERS)
def test_degrees_where_they_are_asked_for(exports: Exports, layer: str) -> None:
    """Without a transformation every coordinate is exact."""
    export = exports("DXF", *LAYERS, crs=4326)
    replace(TRUTH, geometry=None, same=None).check(exports, export, layer)


def test_what_a_drawing_holds(exports: Exports) -> None:
    export = exports("DXF", *LAYERS)
    stem = "_".join(LAYERS)
    beside = {f"{layer}.csv" for layer in LAYERS} | {f"{stem}.prj", f"{stem}_readme.txt", "manifest.json"}
    assert set(export.files) == {f"{stem}.dxf", *beside}
    drawing = ezdxf.readfile(export.file(".dxf"))
    assert drawing.dxfversion == "AC1021"
    issues = drawing.audit()
    assert [entry.message for entry in (*issues.errors, *issues.fixes)] == []
    assert {"parcels", "parcels_labels", "trees_labels"} <= {layer.dxf.name for layer in drawing.layers}
    kinds = {(entity.dxf.layer, entity.dxftype()) for entity in drawing.modelspace()}
    assert kinds == {
        *((layer, "LWPOLYLINE") for layer in ("parcels", "zoning", "roads")),
        *((layer, "POINT") for layer in ("sales", "trees")),
        *((f"{layer}_labels", "TEXT") for layer in ("parcels", "sales", "zoning")),  # the others' are empty
    }
    handles = [int(entity.dxf.handle, 16) for entity in drawing.entitydb.values()]
    assert len(set(handles)) == len(handles)
    assert int(drawing.header["$HANDSEED"], 16) > max(handles)
    assert drawing.header["$INSUNITS"] == 21  # feet of the US survey, as EPSG:2926 has them
    shapes = [to_state_plane(row.geometry) for layer in LAYERS for row in exports.rows(layer) if row.has_shape]
    extent = (*drawing.header["$EXTMIN"][:2], *drawing.header["$EXTMAX"][:2])
    assert extent == pytest.approx(tuple(shapely.total_bounds(shapes)))
    assert pyproj.CRS.from_wkt(export.file(".prj").read_text()).equals(pyproj.CRS.from_epsg(STATE_PLANE), True)
    assert f"EPSG:{STATE_PLANE}" in export.file("_readme.txt").read_text()


def test_labels_stand_in_their_parcels(exports: Exports) -> None:
    drawing = ezdxf.readfile(exports("DXF", *LAYERS).file(".dxf"))
    rows = exports.rows("parcels")
    labels = {_record(text): text for text in drawing.modelspace().query('TEXT[layer=="parcels_labels"]')}
    assert set(labels) == {i for i, row in enumerate(rows, start=1) if row.has_shape}
    for record, text in labels.items():
        assert text.dxf.text == rows[record - 1].values["parcel_number"]
        shape = to_state_plane(rows[record - 1].geometry)
        assert shape.covers(shapely.Point(*text.dxf.align_point.vec2))
        assert 0 < text.dxf.height < shape.bounds[3] - shape.bounds[1]


def test_labels_that_a_drawing_cannot_hold(exports: Exports) -> None:
    """Control characters end a value; the nasty county has them in the field ``label``, which comes first."""
    export = exports("DXF", *LAYERS)
    drawing = ezdxf.readfile(export.file(".dxf"))
    rows = exports.rows("zoning")
    for text in drawing.modelspace().query('TEXT[layer=="zoning_labels"]'):
        wanted = re.sub(r"[\x00-\x1f]+", " ", rows[_record(text) - 1].values["label"]).strip()
        assert text.plain_text() == wanted
    cleaned = sum(bool(re.search(r"[\x00-\x1f]", row.values["label"] or "")) for row in rows if row.has_shape)
    assert ("altered", "", cleaned) in export.losses("zoning")


def test_losses(exports: Exports) -> None:
    losses = exports("DXF", *LAYERS).losses("parcels")
    rows = exports.rows("parcels")
    assert losses[:3] == [
        ("moved", "", None),
        ("moved", "", sum(not row.has_shape for row in rows)),
        ("retyped", "", None),
    ]
    assert ("split", "", 2) in losses  # a hole, and two parts


@needs_ogrinfo
def test_debians_gdal_reads_it_without_a_word(exports: Exports) -> None:
    path = exports("DXF", *LAYERS).file(".dxf")
    info = subprocess.run(["ogrinfo", "-ro", "-al", path], capture_output=True, text=True, check=True)
    assert info.stderr == ""
    parcels = sum(row.has_shape for row in exports.rows("parcels"))
    assert info.stdout.count("Layer (String) = parcels_labels") == parcels
