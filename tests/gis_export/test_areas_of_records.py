"""Areas made of a county's records, asked for over HTTP: what they select, and what is refused with which words."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.contrib.gis.geos import GEOSGeometry
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Geod
from rest_framework.test import APIClient

from gis_export.models import GisExportJob
from terrafusion.areas import AreaError, parse
from tests.api.data import CountyData, client_of, make_county, member, parcel
from tests.gis_export.conftest import URL, run_export

FOOT = 0.3048
BOX = {"type": "bbox", "coordinates": [-121.9905, 46.9, -121.9895, 47.1]}


@pytest.fixture
def here(db: None) -> CountyData:
    """Squares of 0.001 degrees, whose western edges are 0.01 degrees apart; and one that touches the first."""
    data = make_county("COUNTY01", rows=4)
    make_county("COUNTY02", rows=9)
    parcel(
        data.county, 101, geometry=GEOSGeometry("MULTIPOLYGON(((-121.989 47,-121.988 47,-121.988 47.001,-121.989 47)))")
    )
    parcel(data.county, 999, geometry=None, point=None)
    return data


@pytest.fixture
def api(here: CountyData) -> APIClient:
    return client_of(member(here.county, role="analyst"))


def estimate(api: APIClient, area: Any, layer: str = "parcels", **parameters: Any) -> Any:
    body = {"export_format": "GeoJSON", "county_id": "COUNTY01", "layers": [layer], "area_of_interest": area}
    return api.post(f"{URL}/estimate", {**body, "parameters": parameters}, format="json")


def records(api: APIClient, area: Any, layer: str = "parcels", **parameters: Any) -> int:
    response = estimate(api, area, layer, **parameters)
    assert response.status_code == 200, response.content
    count: int = response.json()["records"]
    return count


def parcels(*numbers: int) -> dict[str, Any]:
    return {"type": "parcels", "parcels": [f"{number:06d}" for number in numbers]}


def around(distance: float, units: str, *numbers: int) -> dict[str, Any]:
    return {**parcels(*numbers), "type": "buffer", "distance": distance, "units": units}


STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
"""What the parser of bodies lets through."""
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), STORABLE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STORABLE, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    named=st.one_of(st.lists(st.one_of(STORABLE, st.sampled_from(["000001", "000999"]), VALUES), max_size=4), VALUES)
)
def test_any_parcels_are_an_area_or_a_fault(here: CountyData, named: Any) -> None:
    given_area = {"type": "parcels", "parcels": named}
    if named and isinstance(named, list) and set(map(repr, named)) == {"'000001'"}:
        assert parse(given_area, here.county, 1000, None).geometry.area > 0
        return
    with pytest.raises(AreaError):
        parse(given_area, here.county, 1000, None)


def test_what_areas_of_records_select(api: APIClient) -> None:
    assert records(api, parcels(1)) == 1  # and not the neighbour that shares an edge
    assert records(api, parcels(1, 3, 3)) == 2
    assert records(api, parcels(1), spatial_operation="within") == 1
    assert records(api, parcels(1), "sales") == 1
    assert records(api, parcels(1), "zoning") == 1
    zone = {"type": "district", "layer": "zoning", "where": {"ZCODE": "C-2"}}
    assert records(api, zone) == 1
    assert records(api, {**zone, "where": {"ZCODE": ["C-2", "C-3"], "STORIES": [2, 3, 4]}}) == 2
    assert records(api, [zone, parcels(4), BOX]) == 3
    assert records(api, {"type": "collection", "areas": [zone, zone, parcels(2)]}) == 1  # what overlaps is there once
    ring = [[-121.9905, 47], [-121.9895, 47], [-121.99, 47.1], [-121.9905, 47]]
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    legacy = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    assert records(api, {"type": "FeatureCollection", "features": [feature, feature], "crs": legacy}) == 1


def test_parcels_that_have_only_a_point(here: CountyData, api: APIClient) -> None:
    parcel(here.county, 998, geometry=None, point=GEOSGeometry("POINT(-121.95 47.5)", srid=4326))
    for operation in ("intersects", "within", "clip"):
        assert records(api, parcels(998), spatial_operation=operation) == 1
        assert records(api, parcels(1, 998), spatial_operation=operation) == 2
    notes = parse(parcels(1, 998), here.county, 1000, None).notes
    assert "Without an outline, and in the area as a circle of 10 cm around its point: 1 parcel." in notes
    assert records(api, around(1, "km", 998), "parcels") == 0  # it has no outline that could be in reach


def test_the_notice_list_is_exact(api: APIClient) -> None:
    """Parcel 2 begins 0.009 degrees east of where 1 ends; which of its edge is nearest is a matter of the ellipsoid."""
    geod = Geod(ellps="WGS84")
    meters = min(geod.inv(-121.989, 47 + y / 1e6, -121.98, 47 + y / 1e6)[2] for y in range(0, 1001, 100))
    assert records(api, around(meters * (1 + 1e-6), "m", 1)) == 3  # itself, its neighbor, and 2
    assert records(api, around(meters * (1 - 1e-6), "m", 1)) == 2
    assert records(api, around(meters / FOOT * (1 + 1e-6), "ft", 1)) == 3
    assert records(api, around(meters * 3937 / 1200 * (1 - 1e-6), "us-ft", 1)) == 2
    assert records(api, around(meters / 1609.344 * (1 + 1e-6), "mi", 1), "zoning") == 2
    assert (
        records(api, {"type": "buffer", "of": around(meters / 2, "m", 1), "distance": meters / 2 + 0.01, "units": "m"})
        == 3
    )
    assert records(api, {"type": "buffer", "of": BOX, "distance": 1, "units": "m"}) == 1


FAULTS = [
    (parcels(1, 77, 78), "Unknown parcels of COUNTY01: '000077', '000078'."),
    (parcels(9), "Unknown parcel of COUNTY01: '000009'."),  # which the other county has
    (parcels(999), "These parcels have neither an outline nor a point: '000999'."),
    ({"type": "parcels", "parcels": [1]}, "put 1 in quotes"),
    ({"type": "parcels", "parcels": []}, "list of texts"),
    ({"type": "parcels", "parcels": [str(i) for i in range(5001)]}, "5,001 parcel numbers, and at most 5,000"),
    (around(0, "ft", 1), "above 0, not 0"),
    (around(300, "feet", 1), "Available: ft, us-ft, m, km, mi"),
    (around(101, "km", 1), "at most 100 km"),
    ({"type": "buffer", "of": around(60, "km", 1), "distance": 40.001, "units": "km"}, "at most 100 km together"),
    ({"type": "buffer", "of": [BOX, around(60, "mi", 1)], "distance": 3, "units": "mi"}, "at most 62 mi together"),
    ({"type": "buffer", "distance": 1, "units": "m"}, 'either "parcels"'),
    (
        {"type": "district", "layer": "sales", "where": {"A": 1}},
        "Unknown layer of polygons: 'sales'. Available: parcels, zoning",
    ),
    (
        {"type": "district", "layer": "zoning", "where": {"ZONE": "C-1"}},
        "'ZONE'. Did you mean 'ZCODE'?",
    ),
    (
        {"type": "district", "layer": "zoning", "where": {"PHONE": "SECRETPHONE"}},
        "PHONE of zoning. No area is made of it",
    ),
    (
        {"type": "district", "layer": "parcels", "where": {"owner_name": "SECRETOWNER"}},
        "owner_name of parcels. No area is made of it",
    ),
    ({"type": "district", "layer": "zoning", "where": {"ZCODE": "X"}}, "has ZCODE 'X'. Available: 'C-1', 'C-2'"),
    ({"type": "district", "layer": "zoning", "where": {"STORIES": "2"}}, "of the type integer, and '2' is not"),
    ({"type": "district", "layer": "zoning", "where": {"SINCE": "soon"}}, "of the type date"),
    ({"type": "district", "layer": "zoning", "where": {}}, '"where" as an object'),
    ({"type": "collection", "areas": []}, "list of areas"),
    ([BOX] * 51, "51 areas, and at most 50"),
    ([BOX, [BOX]], "Area 2: it is a list itself"),
    (
        {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": None}]},
        "Feature 1: The feature has no",
    ),
    ({"type": "Feature", "geometry": {"type": "Point", "coordinates": [0, 0]}}, "not 'Point'"),
    ({**BOX, "crs": {"type": "link", "properties": {"href": "http://localhost/"}}}, "GeoJSON 2008"),
    ("SRID=2926;POLYGON((0 0,1 0,1 1,0 0))", 'give that as "crs"'),
]


@pytest.mark.parametrize(("area", "words"), FAULTS, ids=[str(i) for i in range(len(FAULTS))])
def test_faults_are_reported(api: APIClient, area: Any, words: str) -> None:
    response = estimate(api, area)
    assert response.status_code == 400, response.content
    errors = response.json()["errors"]
    assert {error["field"] for error in errors} == {"area_of_interest"}
    assert words in " ".join(error["detail"] for error in errors)


def test_each_fault_of_several_areas_is_named(api: APIClient) -> None:
    errors = estimate(api, [parcels(77), BOX, {"type": "bbox", "coordinates": [1, 2]}]).json()["errors"]
    assert [error["detail"][:7] for error in errors] == ["Area 1:", "Area 3:"]


def test_a_job_keeps_the_area_that_it_was_given(transactional_db: None, api: APIClient, here: CountyData) -> None:
    area = [around(3000, "ft", 1), parcels(4)]
    job = run_export(api, here.county, "GeoJSON", ["parcels"], area_of_interest=area)
    assert (job.status, job.record_count) == ("COMPLETED", 4)
    assert "3000 ft (914.4 m) on the ground" in job.message
    assert job.area_as_submitted == area
    assert job.area_of_interest is not None
    assert job.area_of_interest.valid
    here.parcels[0].delete()  # what it was measured from
    again = api.post(f"{URL}/jobs/{job.pk}/rerun")
    assert GisExportJob.objects.get(pk=again.data["job_id"]).area_parts == job.area_parts
    assert job.area_parts is not None
    earlier = [{"metres": part["meters"], "parcels": part["parcels"]} for part in job.area_parts]
    GisExportJob.objects.filter(pk=job.pk).update(area_parts=earlier)  # as version 0.1 stored them
    assert api.post(f"{URL}/jobs/{job.pk}/rerun").status_code == 202
    with connection.cursor() as cursor:
        cursor.execute(import_module("gis_export.migrations.0018_meters_of_areas").RENAMED)
    assert GisExportJob.objects.get(pk=job.pk).area_parts == job.area_parts
