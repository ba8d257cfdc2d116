"""Shapes that a file has in other ways than the database: what is done to them is counted, and nothing else changes."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
import pytest
import shapely

from terrafusion.records.models import County, PropertyOperational, ReferenceFeature
from tests.records.loading.files import X, Y, known, load, square

pytestmark = pytest.mark.django_db


def _ring(code: int, points: Sequence[tuple[float, ...]]) -> bytes:
    flat = [number for point in points for number in point]
    return struct.pack(f"<BII{len(flat)}d", 1, code, len(points), *flat)


def _surface(code: int, *members: bytes) -> bytes:
    return struct.pack("<BII", 1, code, len(members)) + b"".join(members)


def _write_wkb(path: Path, shapes: list[bytes], geometry_type: str, crs: str = "EPSG:2926") -> Path:
    table = pa.table(
        {"parcel_number": [f"P{i}" for i in range(len(shapes))], "geometry": pa.array(shapes, pa.binary())}
    )
    pyogrio.write_arrow(table, path, geometry_name="geometry", geometry_type=geometry_type, crs=crs)
    return path


def _features(path: Path, shapes: Sequence[Any], code: int = 4326) -> Path:
    rows = [
        {"type": "Feature", "properties": {"parcel_number": f"P{i}"}, "geometry": shape}
        for i, shape in enumerate(shapes)
    ]
    crs = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{code}"}}
    path.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": rows}), encoding="utf-8")
    return path


def test_arcs_become_lines_and_are_counted(king: County, tmp_path: Path) -> None:
    circle = _surface(10, _ring(8, [(X, Y), (X + 100, Y), (X, Y)]))
    half = _ring(8, [(X + 200, Y), (X + 250, Y + 50), (X + 300, Y)])
    joined = _surface(10, _surface(9, half, _ring(2, [(X + 300, Y), (X + 200, Y)])))
    straight = _surface(10, _ring(2, [(X + 400, Y), (X + 500, Y), (X + 500, Y + 100), (X + 400, Y)]))
    path = _write_wkb(tmp_path / "arcs.gpkg", [circle, joined, straight], "Unknown")
    report = load(king, "parcels", path)
    assert (report["inserted"], report["altered"]) == (3, {"curve": 2})
    shapes = [shapely.from_wkt(known(row.geometry).transform(2926, clone=True).wkt) for row in _parcels(king)]
    assert shapes[0].area == pytest.approx(math.pi * 50**2, rel=2e-3)
    assert shapes[1].area == pytest.approx(math.pi * 50**2 / 2, rel=2e-3)
    assert shapes[2].area == pytest.approx(5000)
    out = shapely.get_coordinates(shapes[0]) - (X + 50, Y)
    middles = (out[:-1] + out[1:]) / 2
    assert (50 - np.hypot(*middles.T)).max() * 0.3048 <= 0.011  # meters from the arc to a chord


def test_neighbors_along_an_arc_still_touch(king: County, tmp_path: Path) -> None:
    arc = [(X, Y), (X + 50, Y + 20), (X + 100, Y)]
    above = _ring(2, [(X + 100, Y), (X + 100, Y + 90), (X, Y + 90), (X, Y)])
    below = _ring(2, [(X, Y), (X, Y - 90), (X + 100, Y - 90), (X + 100, Y)])
    shapes = [_surface(10, _surface(9, _ring(8, arc), above)), _surface(10, _surface(9, _ring(8, arc[::-1]), below))]
    load(king, "parcels", _write_wkb(tmp_path / "arcs.gpkg", [_surface(12, shape) for shape in shapes], "Unknown"))
    one, other = (shapely.from_wkt(known(row.geometry).wkt) for row in _parcels(king))
    assert one.intersection(other).area == 0
    assert one.union(other).boundary.length < one.boundary.length + other.boundary.length - 2 * one.length / 5


def test_a_shape_across_180_degrees_is_split_with_its_point_inside(king: County, tmp_path: Path) -> None:
    king.state_plane_srid = 3338
    king.save()
    ring = [[-1753646.6, 557779.6], [-1752367.8, 557251.7], [-1751945.5, 558275.1], [-1753224.0, 558802.9]]
    shapes = [{"type": "Polygon", "coordinates": [[*ring, ring[0]]]}]
    report = load(king, "parcels", _features(tmp_path / "aleutian.geojson", shapes, 3338))
    assert report["altered"] == {"antimeridian": 1}
    (parcel,) = _parcels(king)
    parts = [part.extent for part in known(parcel.geometry)]
    assert sorted((west < 0, east - west < 0.02) for west, _, east, _ in parts) == [(False, True), (True, True)]
    assert {round(abs(edge), 9) for west, _, east, _ in parts for edge in (west, east)} >= {180.0}
    assert known(parcel.geometry).contains(known(parcel.point))
    again = load(king, "parcels", _features(tmp_path / "aleutian.geojson", shapes, 3338))
    assert again["unchanged"] == 1


@pytest.mark.parametrize("lon", [(179.99, -179.99), (179.99, 180.01), (-180.01, -179.99)])
def test_longitudes_that_jump_or_go_beyond_180_are_the_same_place(
    king: County, tmp_path: Path, lon: tuple[float, float]
) -> None:
    king.state_plane_srid = 3338
    king.save()
    west, east = lon
    ring = [[west, 51.5], [east, 51.5], [east, 51.6], [west, 51.6], [west, 51.5]]
    report = load(king, "zoning", _features(tmp_path / "box.geojson", [{"type": "Polygon", "coordinates": [ring]}]))
    assert report["altered"] == {"antimeridian": 1}
    parts = known(ReferenceFeature.objects.get().geometry)
    assert sorted(tuple(round(x, 6) for x in part.extent) for part in parts) == [
        (-180.0, 51.5, -179.99, 51.6),
        (179.99, 51.5, 180.0, 51.6),
    ]


def test_rings_are_closed_and_z_and_m_left_out_and_both_are_counted(king: County, tmp_path: Path) -> None:
    corners = [(X, Y), (X + 100, Y), (X + 100, Y + 100), (X, Y + 100)]
    unclosed = struct.pack("<BIII8d", 1, 3, 1, 4, *(number for corner in corners for number in corner))
    deep = shapely.to_wkb(shapely.force_3d(square(1), 5.0), flavor="iso")
    path = _write_wkb(tmp_path / "rings.gpkg", [unclosed, deep, shapely.to_wkb(square(2))], "Polygon Z")
    report = load(king, "parcels", path)
    assert report["inserted"] == 3
    assert report["altered"]["unclosed_ring"] == 1
    assert report["altered"]["z_or_m"] >= 1
    assert [round(known(row.geometry).transform(2926, clone=True).area) for row in _parcels(king)] == [10000] * 3


def test_a_geometry_that_cannot_be_read_keeps_the_one_that_is_stored(king: County, tmp_path: Path) -> None:
    good = shapely.to_wkb(square())
    load(king, "parcels", _write_wkb(tmp_path / "one.gpkg", [good, shapely.to_wkb(square(1))], "Polygon"))
    before = [known(row.geometry).wkb for row in _parcels(king)]
    broken = _write_wkb(tmp_path / "two.gpkg", [shapely.to_wkb(shapely.Polygon()), good], "Polygon")
    report = load(king, "parcels", broken)
    assert report["without_geometry"] == 1
    after = [known(row.geometry).wkb for row in _parcels(king)]
    assert after[0] == before[0]
    assert after[1] == before[0]


def _parcels(county: County) -> list[PropertyOperational]:
    return list(PropertyOperational.objects.filter(county=county).order_by("parcel_number"))


def test_layers_of_several_types_need_no_mapping(king: County, tmp_path: Path) -> None:
    box = shapely.box(-122.3, 47.5, -122.2, 47.6)
    other = shapely.MultiPolygon([shapely.box(-122.1, 47.5, -122.0, 47.6)])
    mixed = _features(tmp_path / "mixed.geojson", [shapely.geometry.mapping(box), shapely.geometry.mapping(other)])
    assert load(king, "zoning", mixed)["inserted"] == 2
    points = [{"type": "Point", "coordinates": [-122.3, 47.5]}, {"type": "MultiPoint", "coordinates": [[-122.2, 47.5]]}]
    report = load(king, "parcels", _features(tmp_path / "points.geojson", points))
    assert report["inserted"] == 2
    assert [known(row.point).x for row in _parcels(king)] == [-122.3, -122.2]


def test_texts_of_shapes_may_be_curves_unclosed_or_points(king: County, tmp_path: Path) -> None:
    wkt = [
        "SRID=4326;CURVEPOLYGON(CIRCULARSTRING(-122.34 47.61,-122.33 47.61,-122.34 47.61))",
        "POLYGON((-122.3 47.5,-122.29 47.5,-122.29 47.51))",
        shapely.to_wkb(shapely.box(-122.3, 47.4, -122.2, 47.5), hex=True),
    ]
    lines = "".join(f'P{i},"{text}"\n' for i, text in enumerate(wkt))
    path = tmp_path / "outlines.csv"
    path.write_text(f"parcel_number,WKT\n{lines}", encoding="utf-8")
    report = load(king, "parcels", path, crs=4326)
    assert (report["inserted"], report["altered"]) == (3, {"curve": 1, "unclosed_ring": 1})
    before = [known(row.geometry).wkb for row in _parcels(king)]
    path.write_text('parcel_number,WKT\nP0,"POLYGON((1 1,2))"\nP1,POINT(-122 47)\nP2,\n', encoding="utf-8")
    report = load(king, "parcels", path, crs=4326)
    assert (report["refused"], report["without_geometry"]) == ({"invalid_geometry": 1}, 1)
    assert [known(row.geometry).wkb for row in _parcels(king)] == before
    path.write_text("parcel_number,WKT\nP3,POINT(-122.3 47.5)\n", encoding="utf-8")
    load(king, "parcels", path, crs=4326)
    assert known(_parcels(king)[3].point).coords == (-122.3, 47.5)
    open_ring = {"type": "Polygon", "coordinates": [[[-122.3, 47.5], [-122.29, 47.5], [-122.29, 47.51]]]}
    assert load(king, "parcels", _features(tmp_path / "open.geojson", [open_ring]))["altered"] == {"unclosed_ring": 1}


def test_a_refused_row_does_not_remove_the_feature_that_is_stored(king: County, tmp_path: Path) -> None:
    box = shapely.geometry.mapping(shapely.box(-122.3, 47.5, -122.2, 47.6))
    load(king, "zoning", _features(tmp_path / "zoning.geojson", [box, box, box]))
    path = _features(tmp_path / "zoning.geojson", [box, {"type": "Polygon", "coordinates": [[[-122.3, 47.5]]]}])
    report = load(king, "zoning", path)
    assert (report["refused"], report["removed"]) == ({"invalid_geometry": 1}, 1)
    assert [row.feature_key for row in ReferenceFeature.objects.order_by("feature_key")] == ["1", "2"]
