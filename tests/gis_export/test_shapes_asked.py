"""``precision`` and ``simplify``: what they do to the shapes of each format, and that the loss report says it."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyproj
import pytest
import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.core.files.storage import default_storage
from rest_framework.test import APIClient

from gis_export import shaping
from gis_export.models import GisExportJob
from gis_export.request import of_job
from gis_export.selection import LEFT_OUT, REPAIRED
from terrafusion.records.models import County, PropertyOperational
from tests.api.data import parcel
from tests.gis_export import data
from tests.gis_export.conftest import FORMATS, URL, Exports, run_export
from tests.gis_export.test_truth import features
from tests.records.loading.files import load, write


def losses(job: GisExportJob, layer: str = "parcels") -> list[tuple[str, str, int | None]]:
    (entry,) = [entry for entry in job.result_summary["layers"] if entry["layer"] == layer]
    return [(loss["kind"], loss["detail"], loss["count"]) for loss in entry["losses"]]


@pytest.mark.parametrize("export_format", [name for name in FORMATS if name != "PMTiles"])  # which has its own grid
def test_precision_in_every_format(exports: Exports, export_format: str) -> None:
    export = exports(export_format, "parcels", precision=4, crs=4326)
    exported = features(exports, export, "parcels")
    positions = shapely.get_coordinates([row.geometry for row in exported if row.geometry is not None])
    assert len(positions) > 50
    assert np.abs(positions - positions.round(4)).max() < 1e-9
    assert all(row.geometry.is_valid for row in exported if row.geometry is not None)
    described = losses(export.job)
    assert ("altered", "Coordinates have 4 decimals, as was asked (precision).", None) in described
    assert export.manifest["request"]["resolved"]["precision"] == 4


def test_precision_of_other_units_and_more_decimals(exports: Exports) -> None:
    export = exports("GeoPackage", "parcels", "sales", precision=0, crs="state_plane")
    for layer in ("parcels", "sales"):
        rows = features(exports, export, layer)
        positions = shapely.get_coordinates([row.geometry for row in rows if row.geometry is not None])
        assert (positions == positions.round()).all()
    text = exports("GeoJSON", "parcels", precision=9).path.read_text()
    assert max(len(digits) for digits in re.findall(r"\.(\d+)", text.partition('"properties"')[0])) > 7


def test_what_vanishes_is_counted(api: APIClient, county: County, transactional_db: None) -> None:
    parcel(
        county, 1, geometry=GEOSGeometry("MULTIPOLYGON(((-122 47,-122 47.001,-121.999 47.001,-121.999 47,-122 47)))")
    )
    parcel(county, 2, geometry=GEOSGeometry("MULTIPOLYGON(((-122 47,-122 48,-121 48,-121 47,-122 47)))"))
    parcel(county, 3, geometry=None, point=None)
    job = run_export(api, county, "GeoJSON", ["parcels"], parameters={"precision": 1})
    assert job.status == "COMPLETED", job.message
    assert job.result_summary["layers"][0]["records_without_geometry"] == 2
    assert ("dropped", "Shapes smaller than the precision are empty.", 1) in losses(job)
    assert ("dropped", "Vertices were left out.", 5) in losses(job)


def test_no_shape_stops_precision(api: APIClient, county: County, transactional_db: None) -> None:
    """Squares with a hole and an island in it, about as large as the grid is fine; an invalid one is counted."""
    chance = random.Random(5)
    shapes = ["MULTIPOLYGON(((-122 47,-121.98 47.02,-121.98 47,-122 47.02,-122 47)))"]  # a bow tie
    for _ in range(150):
        middle = shapely.Point(-122 + chance.random(), 47 + chance.random())
        sizes = [0.01 * chance.random()]
        sizes += [sizes[0] * chance.uniform(0.5, 0.95), sizes[0] * chance.uniform(0.1, 0.49)]
        outer, hole, island = (middle.buffer(size, cap_style="square") for size in sizes)
        shapes.append(shapely.MultiPolygon([shapely.difference(outer, hole), island]).wkt)
    PropertyOperational.objects.bulk_create(
        PropertyOperational(county=county, parcel_number=f"{i:04}", geometry=data.shape(wkt))
        for i, wkt in enumerate(shapes)
    )
    job = run_export(api, county, "GeoJSON", ["parcels"], parameters={"precision": 3})
    assert job.status == "COMPLETED", job.message
    with default_storage.open(job.result_file) as file:
        tie, *others = shapely.from_geojson(file.read()).geoms
    assert not tie.is_valid
    assert all(shape.is_valid for shape in others)
    assert ("altered", shaping.LEFT_INVALID, 1) in losses(job)


def test_an_invalid_shape_is_repaired_to_be_cut(api: APIClient, county: County, transactional_db: None) -> None:
    """One such parcel must not keep a county from all the others."""
    bow_tie = "MULTIPOLYGON(((-122 47,-121.98 47.02,-121.98 47,-122 47.02,-122 47)))"
    inside = "MULTIPOLYGON(((-121.985 47,-121.985 47.001,-121.984 47.001,-121.984 47,-121.985 47)))"
    for number, wkt in enumerate((bow_tie, inside), start=1):
        parcel(county, number, geometry=GEOSGeometry(wkt, srid=4326))
    area = {"type": "bbox", "coordinates": [-121.99, 46, -121, 48]}  # from the middle of the bow tie on
    cut = {"area_of_interest": area, "parameters": {"spatial_operation": "clip"}}
    job = run_export(api, county, "GeoJSON", ["parcels"], **cut)
    assert job.status == "COMPLETED", job.message
    assert ("altered", REPAIRED, 1) in losses(job)
    with default_storage.open(job.result_file) as file:
        half, whole = shapely.from_geojson(file.read()).geoms
    assert half.is_valid
    assert half.equals(shapely.from_wkt("POLYGON ((-121.99 47.01, -121.98 47.02, -121.98 47, -121.99 47.01))"))
    assert whole.equals(shapely.from_wkt(inside))
    PropertyOperational.objects.filter(geometry__isvalid=False).delete()
    assert REPAIRED not in [detail for _, detail, _ in losses(run_export(api, county, "GeoJSON", ["parcels"], **cut))]


@pytest.fixture
def ragged(county: County, transactional_db: None) -> shapely.Polygon:
    """A parcel some 700 m wide whose edges wobble by a metre."""
    forward = pyproj.Transformer.from_crs(4326, county.state_plane_srid, always_xy=True)
    x, y = forward.transform(-122.3, 47.6)
    turns = np.linspace(0, 2 * np.pi, 401)[:-1]
    radius = 350 + np.cos(np.arange(400) * 2.5)
    feet = np.column_stack([x + radius * np.cos(turns) / 0.3048006, y + radius * np.sin(turns) / 0.3048006])
    outline = shapely.transform(
        shapely.Polygon(feet), lambda p: np.column_stack(forward.transform(p[:, 0], p[:, 1], direction="INVERSE"))
    )
    parcel(county, 1, geometry=GEOSGeometry(shapely.MultiPolygon([outline]).wkt, srid=4326))
    return outline


@pytest.mark.parametrize(("tolerance", "meters"), [((10, "ft"), 3.048), ((5, "m"), 5.0), ((0.001, "m"), 0.001)])
def test_simplify_keeps_within_the_distance_on_the_ground(
    api: APIClient, county: County, ragged: Any, tolerance: tuple[float, str], meters: float
) -> None:
    asked = {"tolerance": tolerance[0], "units": tolerance[1]}
    job = run_export(api, county, "GeoJSON", ["parcels"], parameters={"simplify": asked, "precision": 15})
    assert job.status == "COMPLETED", job.message
    with default_storage.open(job.result_file) as file:
        got = shapely.from_geojson(file.read()).geoms[0]
    plane = pyproj.Transformer.from_crs(4326, county.state_plane_srid, always_xy=True)

    def ground(shape: Any) -> Any:
        return shapely.transform(shape, lambda p: np.column_stack(plane.transform(p[:, 0], p[:, 1])) * 0.3048006)

    away = shapely.hausdorff_distance(ground(ragged).boundary, ground(got).boundary, densify=0.2)
    left_out = shapely.get_num_coordinates(ragged) - shapely.get_num_coordinates(got)
    assert away <= meters * 1.01 + 1e-4
    assert got.is_valid
    described = losses(job)
    (how,) = [detail for kind, detail, _ in described if "ST_SimplifyPreserveTopology" in detail]
    assert how.startswith(f"Simplified by {tolerance[0]:g} {tolerance[1]} on the ground")
    if meters > 1:
        assert left_out > 300
        assert ("dropped", "Vertices were left out.", left_out) in described
    else:
        assert left_out == 0
        assert "dropped" not in [kind for kind, _, _ in described]


def test_points_are_not_simplified(exports: Exports) -> None:
    export = exports("GeoPackage", "sales", "roads", simplify={"tolerance": 100, "units": "m"})
    assert losses(export.job, "sales") == []
    assert any("Simplified by 100 m" in detail for _, detail, _ in losses(export.job, "roads"))
    wanted = [row.geometry for row in exports.rows("sales") if row.has_shape]
    assert [row.geometry for row in features(exports, export, "sales") if row.geometry is not None] == wanted


def test_clip_then_simplify_then_another_crs(exports: Exports) -> None:
    area = {"type": "bbox", "coordinates": [-122.3, 47.6004, -122.2925, 48]}
    asked = {"spatial_operation": "clip", "simplify": {"tolerance": 1, "units": "m"}, "precision": 2}
    export = exports("GeoPackage", "parcels", area=area, crs="EPSG:3857", **asked)
    plain = exports("GeoPackage", "parcels", area=area, spatial_operation="clip", crs="EPSG:3857")
    exported, wanted = (features(exports, one, "parcels") for one in (export, plain))
    assert len(exported) == len(wanted) > 2
    for one, other in zip(exported, wanted, strict=True):
        assert one.geometry.symmetric_difference(other.geometry).area < 0.02 * other.geometry.area


FAULTS = [
    ({"precision": -1}, "parameters.precision", "whole number from 0 to 15"),
    ({"precision": 16}, "parameters.precision", "whole number"),
    ({"precision": True}, "parameters.precision", "whole number"),
    ({"precision": "6"}, "parameters.precision", "whole number"),
    ({"precision": 1.5}, "parameters.precision", "whole number"),
    ({"simplify": 10}, "parameters.simplify", "Give an object"),
    ({"simplify": {}}, "parameters.simplify.units", "Available: ft, us-ft, m, km, mi"),
    ({"simplify": {"tolerance": 0, "units": "m"}}, "parameters.simplify.tolerance", "above 0"),
    ({"simplify": {"tolerance": "5", "units": "m"}}, "parameters.simplify.tolerance", "above 0"),
    ({"simplify": {"tolerance": 10**400, "units": "m"}}, "parameters.simplify.tolerance", "above 0"),
    ({"simplify": {"tolerance": 11, "units": "km"}}, "parameters.simplify.tolerance", "at most 10 km"),
    ({"simplify": {"tolerance": 1, "units": ["m"]}}, "parameters.simplify.units", "Unknown units"),
    ({"simplify": {"tolerance": 1, "units": "m", "keep": True}}, "parameters.simplify.keep", "Unknown key 'keep'"),
]


@pytest.mark.parametrize(("parameters", "at", "words"), FAULTS, ids=[str(i) for i in range(len(FAULTS))])
def test_faults(api: APIClient, county: County, parameters: Any, at: str, words: str) -> None:
    body = {"export_format": "CSV", "county_id": county.pk, "layers": ["parcels"], "parameters": parameters}
    response = api.post(f"{URL}/estimate", body, format="json")
    assert response.status_code == 400
    errors = {error["field"]: error["detail"] for error in response.json()["errors"]}
    assert words in errors[at]


def test_neighbors_together_where_postgis_can(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    """The statement for PostGIS 3.4 and later: a window function over all rows, for layers of polygons only."""
    job = GisExportJob(
        county=county,
        export_format="GeoPackage",
        layers=["parcels", "sales"],
        resolved={"simplify": {"tolerance": 10, "units": "ft"}, "precision": 3},
    )
    monkeypatch.setattr(shaping, "has_coverage_simplify", lambda: True)
    parcels, sales = (selection.plan() for selection in of_job(job).selections(personal=True)[0])
    match = re.search(r"ST_CoverageSimplify\(ST_Transform\(f\.g, 2285\), (\S+)\) OVER \(\) AS simplified", parcels.sql)
    assert match is not None
    assert float(match[1]) == pytest.approx(10, rel=1e-5)  # in US survey feet
    assert any("common edges" in notice.detail for notice in parcels.notices)
    assert "Simplify" not in sales.sql
    monkeypatch.setattr(shaping, "MAX_TOGETHER", -1)
    (parcels, _) = (selection.plan() for selection in of_job(job).selections(personal=True)[0])
    assert "ST_SimplifyPreserveTopology" in parcels.sql


def test_a_layer_goes_back_by_the_operation_by_which_it_came(
    api: APIClient, county: County, transactional_db: None, tmp_path: Path
) -> None:
    ring = shapely.Polygon([(550_000, 5_270_000), (550_400, 5_270_000), (550_400, 5_270_300), (550_200, 5_270_150)])
    county.state_plane_srid = 26710  # a zone in which PostGIS chooses by itself
    county.save()
    file = write(tmp_path / "old.gpkg", {"name": ["a"]}, [ring], "EPSG:26710")
    report = load(county, "surveys", file)
    assert report["transformation"]["accuracy"] >= 5
    for more in ({}, {"simplify": {"tolerance": 0.0001, "units": "m"}}):
        job = run_export(api, county, "GeoPackage", ["surveys"], parameters={"crs": 26710, **more})
        (layer,) = job.result_summary["layers"]
        assert layer["transformation"] == report["transformation"]
        (value,) = pyogrio.raw.read(default_storage.path(job.result_file), columns=[])[2]
        assert shapely.hausdorff_distance(shapely.from_wkb(value), ring) < 1e-3
    job = run_export(api, county, "GeoPackage", ["surveys"], parameters={"crs": 26910})
    assert job.result_summary["layers"][0]["transformation"] is None


@pytest.mark.django_db(transaction=True)
def test_what_an_area_leaves_out_and_the_name_of_the_download(api: APIClient, county: County) -> None:
    shape = GEOSGeometry("MULTIPOLYGON (((-122.3 47.6, -122.2 47.6, -122.2 47.7, -122.3 47.6)))", srid=4326)
    outlines: dict[str, Any] = {"1": shape, "2": None, "3": None}
    for number, geometry in outlines.items():
        PropertyOperational.objects.create(county=county, parcel_number=number, geometry=geometry)
    world = {"type": "bbox", "coordinates": [-180, -90, 180, 90]}
    job = run_export(api, county, "CSV", ["parcels"], area_of_interest=world)
    assert job.record_count == 1
    assert ("dropped", LEFT_OUT, 2) in losses(job)
    job = run_export(api, county, "CSV", ["parcels"])
    assert LEFT_OUT not in str(job.result_summary)
    GisExportJob.objects.filter(pk=job.pk).update(completed_at="2026-11-30T05:00:00Z")  # in Washington the day before
    response = api.get(f"{URL}/jobs/{job.pk}/download")
    assert response.getvalue()
    assert response.headers["Content-Disposition"] == 'attachment; filename="COUNTY01_parcels_2026-11-29.csv"'
    assert job.result_file == f"gis_exports_output/COUNTY01/{job.pk}_parcels.csv"
