"""What a filter finds, and what it says of a value that it cannot use."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from terrafusion.records.models import PropertyOperational
from tests.api.data import CountyData, make_county, parcel

PARCELS: list[tuple[str, str]] = [
    ("county_id=COUNTY01", "1 2 3"),
    ("parcel_number=000002", "2"),
    ("parcel_number=2", ""),
    ("neighborhood=N1", "1 3"),
    ("use_code=101", "1 2 3"),
    ("use_code=102", ""),
    ("zoning=R-1", "1 2 3"),
    ("total_value__gte=200000", "2 3"),
    ("total_value__lte=200000", "1 2"),
    ("total_value__gte=200000&total_value__lte=200000", "2"),
    ("lot_area_sqft__gte=5001.5", "2 3"),
    ("year_built__lte=1951", "1"),
    ("in_bbox=-121.9905,47.0,-121.985,47.1", "1"),
    ("in_bbox=-122,46,-121,48", "1 2 3"),
    ("in_bbox=10,10,11,11", ""),
    ("at_point=-121.9795,47.0005", "2"),
    ("at_point=-121.98,47", "2"),  # on the corner
    ("at_point=-121.995,47.0005", ""),
    # Parcel 1's west edge is 0.009 degrees of longitude, 684 m, from the point's meridian.
    ("near=-121.999,47.0005&distance=680", ""),
    ("near=-121.999,47.0005&distance=690", "1"),
    ("near=-121.999,47.0005&distance=5000", "1 2 3"),
    ("near=-121.9895,47.0005&distance=0", "1"),
    ("neighborhood=N1&total_value__gte=200000", "3"),
    ("neighborhood=", "1 2 3"),  # as the form sends it
]


@pytest.mark.parametrize(("query", "expected"), PARCELS)
def test_parcels(client: APIClient, query: str, expected: str) -> None:
    response = client.get(f"/api/v1/properties?{query}")
    assert response.status_code == 200, response.content
    numbers = [feature["properties"]["parcel_number"].lstrip("0") for feature in response.json()["features"]]
    assert numbers == expected.split()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("parcel_number=000002", "S2"),
        ("sale_date__gte=2020-01-03", "S2 S3"),
        ("sale_date__lte=2020-01-02", "S1"),
        ("sale_price__gte=100001&sale_price__lte=299999", "S2"),
        ("multi_parcel=true", ""),
        ("multi_parcel=false", "S1 S2 S3"),
        ("in_bbox=-121.985,47,-121.975,47.1", "S2"),
        ("near=-121.9795,47.0005&distance=10", "S2"),
    ],
)
def test_sales(client: APIClient, query: str, expected: str) -> None:
    features = client.get(f"/api/v1/sales?{query}").json()["features"]
    assert [feature["properties"]["sale_id"] for feature in features] == expected.split()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "Z1 Z2 Z3"),
        ("where[ZCODE]=C-2", "Z2"),
        ("where[FAR]=1", "Z2"),
        ("where[FAR]=1.5", "Z3"),
        ("where[STORIES]=3", "Z3"),
        ("where[OVERLAY]=true", "Z1"),
        ("where[OVERLAY]=false", "Z2 Z3"),
        ("where[SINCE]=2001-01-03", "Z2"),
        ("where[ZCODE]=C-2&where[STORIES]=3", ""),
        ("in_bbox=-121.985,47,-121.975,47.1", "Z2"),
        ("where[ZCODE]=' OR 1=1 --", ""),
    ],
)
def test_features(client: APIClient, county: CountyData, query: str, expected: str) -> None:
    features = client.get(f"/api/v1/reference-layers/{county.layer.pk}/features?{query}").json()["features"]
    assert [feature["id"] for feature in features] == expected.split()


BAD: list[tuple[str, set[tuple[str, str]]]] = [
    ("county_id=NOWHERE", {("county_id", "invalid_choice")}),
    ("county_id=COUNTY02", {("county_id", "invalid_choice")}),  # it exists, but not for this user
    ("in_bbox=1,2,3", {("in_bbox", "invalid")}),
    ("in_bbox=a,b,c,d", {("in_bbox", "invalid")}),
    ("in_bbox=nan,0,1,1", {("in_bbox", "invalid")}),
    ("in_bbox=0,0,inf,1", {("in_bbox", "invalid")}),
    ("in_bbox=47,-122,48,-121", {("in_bbox", "outside_world")}),  # latitude first
    ("in_bbox=-121,46,-122,47", {("in_bbox", "wrong_order")}),
    ("in_bbox=-122,47,-121,46", {("in_bbox", "wrong_order")}),
    ("at_point=47,-122", {("at_point", "outside_world")}),
    ("at_point=1", {("at_point", "invalid")}),
    ("near=-122,47", {("distance", "required")}),
    ("distance=5", {("near", "required")}),
    ("near=-122,47&distance=-1", {("distance", "min_value")}),
    ("near=-122,47&distance=5001", {("distance", "max_value")}),
    ("near=-122,47&distance=NaN", {("distance", "invalid")}),
    ("near=x&distance=x", {("near", "invalid"), ("distance", "invalid")}),
    ("total_value__gte=lots", {("total_value__gte", "invalid")}),
    ("tax_year=2024x", {("tax_year", "invalid")}),
    ("total_value__gte=1.5", {("total_value__gte", "invalid")}),
    ("parcel_number=a%00b", {("parcel_number", "null_characters_not_allowed")}),
    ("neighbourhood=N1", {("neighbourhood", "unknown_parameter")}),
    ("owner_name=Smith", {("owner_name", "unknown_parameter")}),
    ("owner_name__startswith=S", {("owner_name__startswith", "unknown_parameter")}),
    (
        "in_bbox=x&tax_year=x&page_size=0&nonsense=1",
        {("in_bbox", "invalid"), ("tax_year", "invalid"), ("page_size", "invalid"), ("nonsense", "unknown_parameter")},
    ),
]


@pytest.mark.parametrize(("query", "faults"), BAD)
def test_bad_values_are_all_named(
    client: APIClient, other: CountyData, query: str, faults: set[tuple[str, str]]
) -> None:
    response = client.get(f"/api/v1/properties?{query}")
    assert response.status_code == 400
    assert {(fault["field"], fault["code"]) for fault in response.json()["errors"]} == faults


def test_a_bad_boolean(client: APIClient) -> None:
    response = client.get("/api/v1/sales?multi_parcel=maybe")
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "multi_parcel"


@pytest.mark.parametrize("name", ["PHONE", "UNDECLARED", "zcode", "ZCODE__contains", ""])
def test_only_declared_public_attributes_may_be_asked_for(client: APIClient, county: CountyData, name: str) -> None:
    response = client.get(f"/api/v1/reference-layers/{county.layer.pk}/features", {f"where[{name}]": "x"})
    assert response.status_code == 400
    fault = response.json()["errors"][0]
    assert fault["field"] == f"where[{name}]"
    assert "where[ZCODE]" in fault["detail"]
    assert "where[PHONE]" not in fault["detail"].partition("Available: ")[2]


@pytest.mark.parametrize("query", ["where[FAR]=x", "where[STORIES]=1.5", "where[OVERLAY]=maybe", "where[SINCE]=soon"])
def test_attributes_have_types(client: APIClient, county: CountyData, query: str) -> None:
    response = client.get(f"/api/v1/reference-layers/{county.layer.pk}/features?{query}")
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == query.split("=")[0]


@pytest.mark.parametrize(("name", "limit"), [("total_value__gte", 2**63 - 1), ("tax_year", 2**15 - 1)])
def test_numbers_beyond_the_column(client: APIClient, name: str, limit: int) -> None:
    assert client.get(f"/api/v1/properties?{name}={limit}").status_code == 200
    response = client.get(f"/api/v1/properties?{name}={limit + 1}")
    assert response.status_code == 400
    assert [(fault["field"], fault["code"]) for fault in response.json()["errors"]] == [(name, "max_value")]


def test_a_distance_that_reaches_across_the_antimeridian(client: APIClient, county: CountyData) -> None:
    parcel(county.county, 9, geometry=_at(179.9995), point=None)
    response = client.get("/api/v1/properties?near=-179.9995,47&distance=200")
    assert [feature["properties"]["parcel_number"] for feature in response.json()["features"]] == ["000009"]


def _at(west: float) -> Any:
    from tests.api.data import square

    return square(west, 47, 0.0001)


def test_a_parcel_number_is_unique_only_within_its_county(admin_api: APIClient, county: CountyData) -> None:
    make_county("COUNTY02")
    assert PropertyOperational.objects.filter(parcel_number="000001").count() == 2
    features = admin_api.get("/api/v1/properties?parcel_number=000001&county_id=COUNTY02").json()["features"]
    assert [feature["properties"]["county_id"] for feature in features] == ["COUNTY02"]
