"""What the records look like."""

from __future__ import annotations

import itertools
import json

import pytest
from django.contrib.gis.geos import GEOSGeometry
from rest_framework.test import APIClient

from terrafusion.records.models import CountySettings, PropertyOperational
from tests.api.data import CountyData, parcel


def test_a_county_leads_to_what_it_has(client: APIClient, county: CountyData) -> None:
    body = client.get("/api/v1/counties/COUNTY01").json()
    links = body.pop("links")
    assert body == {"id": "COUNTY01", "name": "County01", "fips": "53033", "state": "WA", "state_plane_srid": 2926}
    assert set(links) == {"settings", "properties", "sales", "reference_layers"}
    for link in links.values():
        assert client.get(link).status_code == 200


def test_the_settings_of_a_county(client: APIClient, county: CountyData) -> None:
    body = client.get("/api/v1/counties/COUNTY01/settings").json()
    assert body == {
        "county_id": "COUNTY01",
        "allowed_formats": ["GeoJSON"],
        "default_crs": 4326,
        "default_parameters": {},
        "max_records": None,
        "max_bytes": 20_000_000_000,
        "max_records_per_day": None,
        "max_bytes_per_day": 100_000_000_000,
        "format_limits": {},
        "max_area_vertices": 20_000,
        "max_active_jobs": 50,
        "result_days": 30,
        "max_result_days": 365,
        "sales_screening": {},
        "assessment_classes": {},
        "monotone_characteristics": {},
        "land_shares": {},
        "time_zone": "America/Los_Angeles",
        "value_rounding": 100,
        "proposal_days": 365,
        "revocation_days": 30,
        "separate_certifier": False,
        "access_log_days": 2_555,
    }


def test_a_county_without_settings_has_the_defaults(client: APIClient, county: CountyData) -> None:
    CountySettings.objects.all().delete()
    assert client.get("/api/v1/counties/COUNTY01/settings").json()["max_active_jobs"] == 50


def test_a_parcel_is_a_feature_of_rfc_7946(client: APIClient, county: CountyData) -> None:
    collection = client.get("/api/v1/properties").json()
    assert list(collection) == ["type", "next", "previous", "features"]
    first = collection["features"][0]
    assert first == client.get(f"/api/v1/properties/{first['id']}").json()
    assert set(first) == {"id", "type", "geometry", "properties"}
    assert first["properties"]["county_id"] == "COUNTY01"
    assert first["properties"]["total_value"] == 100_000
    ring = first["geometry"]["coordinates"][0][0]
    assert sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(ring)) > 0  # counter-clockwise
    stored = county.parcels[0].geometry
    assert stored is not None
    assert stored.sym_difference(GEOSGeometry(json.dumps(first["geometry"]))).area < 1e-15


def test_a_parcel_without_outline(client: APIClient, county: CountyData) -> None:
    record = parcel(county.county, 9, geometry=None, point=None)
    feature = client.get(f"/api/v1/properties/{record.pk}").json()
    assert feature["geometry"] is None
    assert feature["properties"]["parcel_number"] == "000009"


def test_coordinates_have_seven_decimals(client: APIClient, county: CountyData) -> None:
    PropertyOperational.objects.filter(pk=county.parcels[0].pk).update(
        geometry="SRID=4326;MULTIPOLYGON(((0.123456789 0, 1 0, 1 1, 0.123456789 0)))"
    )
    feature = client.get(f"/api/v1/properties/{county.parcels[0].pk}").json()
    assert feature["geometry"]["coordinates"][0][0][0] == [0.1234568, 0]


def test_value_history_is_the_latest_first(client: APIClient, county: CountyData) -> None:
    history = client.get(f"/api/v1/properties/{county.parcels[0].pk}/value-history").json()
    assert [(row["tax_year"], row["total_value"]) for row in history] == [(2024, 2_024_000), (2023, 2_023_000)]


def test_a_sale_is_a_point(client: APIClient, county: CountyData) -> None:
    feature = client.get(f"/api/v1/sales/{county.sales[0].pk}").json()
    assert feature["geometry"]["type"] == "Point"
    assert feature["properties"]["sale_date"] == "2020-01-02"
    assert feature["properties"]["property_id"] == county.parcels[0].pk


def test_a_layer_lists_its_public_fields(client: APIClient, county: CountyData) -> None:
    body = client.get("/api/v1/reference-layers?name=zoning").json()["results"][0]
    assert [spec["name"] for spec in body["field_schema"]] == ["ZCODE", "FAR", "STORIES", "OVERLAY", "SINCE"]
    assert body["field_schema"][0] == {"name": "ZCODE", "type": "text", "width": 10, "description": "Code"}
    first = client.get(body["features"]).json()["features"][0]
    assert first["id"] == "Z1"
    assert first["properties"] == {"ZCODE": "C-1", "FAR": 0.5, "STORIES": 1, "OVERLAY": True, "SINCE": "2001-01-02"}


@pytest.mark.parametrize("path", ["counties", "counties/COUNTY01", "counties/COUNTY01/settings", "properties", "sales"])
def test_a_slash_at_the_end_is_taken(client: APIClient, path: str) -> None:
    assert client.get(f"/api/v1/{path}/").status_code == 200
    assert client.get(f"/api/v1/{path}").status_code == 200


def test_the_root_leads_everywhere(admin_api: APIClient, county: CountyData) -> None:
    links = admin_api.get("/api/v1/").json()
    assert {"counties", "properties", "sales", "reference-layers", "schema", "docs", "token"} <= set(links)
    for name, link in links.items():
        assert admin_api.get(link).status_code == (405 if name == "token" else 302 if name == "docs" else 200)
