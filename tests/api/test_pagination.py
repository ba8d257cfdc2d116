"""Pages by cursor: every row once, however rows come and go."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from tests.api.data import CountyData, feature, parcel, sale


def _features(client: APIClient, url: str | None) -> list[list[Any]]:
    pages = []
    while url:
        page = client.get(url).json()
        pages.append([item["id"] for item in page["features"]])
        url = page["next"]
    return pages


def test_every_row_once_in_a_stable_order(client: APIClient, county: CountyData) -> None:
    for number in range(4, 8):
        parcel(county.county, number)
    pages = _features(client, "/api/v1/properties?page_size=3")
    assert [len(page) for page in pages] == [3, 3, 1]
    ids = [row for page in pages for row in page]
    assert ids == sorted(set(ids))
    assert len(ids) == 7


def test_pages_stay_stable_while_rows_come_and_go(client: APIClient, county: CountyData) -> None:
    for number in range(4, 8):
        parcel(county.county, number)
    first = client.get("/api/v1/properties?page_size=3").json()
    county.parcels[0].delete()
    parcel(county.county, 8)
    rest = [row for page in _features(client, first["next"]) for row in page]
    assert len(rest) == 5
    assert not set(rest) & {item["id"] for item in first["features"]}


def test_back_to_the_page_before(client: APIClient, county: CountyData) -> None:
    first = client.get("/api/v1/properties?page_size=2").json()
    second = client.get(first["next"]).json()
    assert first["previous"] is None
    assert second["next"] is None
    assert client.get(second["previous"]).json()["features"] == first["features"]


@pytest.mark.parametrize("size", ["0", "-1", "1001", "ten", "", "9" * 30, "\u0661"])
def test_a_bad_page_size(client: APIClient, size: str) -> None:
    response = client.get("/api/v1/properties", {"page_size": size})
    assert response.status_code == 400
    assert [fault["field"] for fault in response.json()["errors"]] == ["page_size"]


def _cursor(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "cursor", ["x", "é", _cursor("p=abc"), _cursor("o=-1"), _cursor("r=x"), _cursor("p=1%00"), _cursor("p=1.5")]
)
def test_a_forged_cursor(client: APIClient, cursor: str) -> None:
    response = client.get("/api/v1/properties", {"cursor": cursor})
    assert response.status_code == 400
    assert [fault["field"] for fault in response.json()["errors"]] == ["cursor"]


def test_a_cursor_beyond_the_end(client: APIClient) -> None:
    response = client.get("/api/v1/properties", {"cursor": _cursor(f"p={'9' * 30}")})
    assert response.status_code == 200
    assert response.json()["features"] == []


def test_queries_do_not_grow_with_rows_and_nothing_is_counted(client: APIClient, county: CountyData) -> None:
    paths = [
        "/api/v1/counties",
        "/api/v1/properties?county_id=COUNTY01",
        "/api/v1/sales",
        "/api/v1/reference-layers",
        f"/api/v1/reference-layers/{county.layer.pk}/features",
    ]
    few = {path: _queries(client, path) for path in paths}
    for number in range(4, 40):
        sale(parcel(county.county, number), number)
        feature(county.layer, number)
    for path in paths:
        many = _queries(client, path)
        assert len(many) == len(few[path]) <= 3, many
        assert not [sql for sql in many if "COUNT(" in sql]


def _queries(client: APIClient, path: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return [query["sql"] for query in queries]
