"""Who gets in, and what a user of one county learns of another: nothing. Over every route that there is."""

from __future__ import annotations

import uuid

import pytest
from django.contrib.auth.models import User
from django.test import Client
from rest_framework.test import APIClient

from tests.api.data import PERSONAL, CountyData, client_of, member
from tests.api.routes import Route, routes

# What answers without authentication, each for its reason.
OPEN = {
    "": "the front page, which names no county to strangers",
    "api-auth/login/": "where one logs in",
    "api-auth/logout/": "harmless",
    "admin/login/": "where one logs in",
    "admin/logout/": "harmless",
    "api/v1/token": "where one logs in",
    "api": "says that there is nothing at an unknown address",
    "healthz": "for load balancers",
    "readyz": "for load balancers",
    "metrics": "for Prometheus, inside the network",
    "api/v1/gis-export/signing-key": "a public key, for whoever was given an export",
}
SAMPLES = {"job_id": str(uuid.uuid4()), "pk": "1", "object_id": "1", "app_label": "records", "url": "x"}


def _path(route: Route) -> str:
    return route.path(**{name: SAMPLES.get(name, "1") for name in route.parameters})


@pytest.mark.django_db
@pytest.mark.parametrize("route", [r for r in routes() if r.template not in OPEN], ids=lambda r: r.template)
def test_every_route_needs_authentication(route: Route) -> None:
    client = Client()
    for method in route.methods or {"get": ""}:
        response = getattr(client, method)(_path(route))
        if response.status_code == 302:  # a page for people sends them to log in
            assert "/login/" in response.headers["Location"]
        else:
            assert response.status_code == 401, response.content
            assert response.headers["WWW-Authenticate"] == "Token"


def test_the_open_routes_exist() -> None:
    there = {route.template for route in routes()}
    assert set(OPEN) - there <= {"healthz", "readyz", "metrics"}


RECORDS = [
    route
    for route in routes("api/v1/")
    if getattr(getattr(route.view, "cls", None), "__module__", "").startswith("terrafusion.records.api.views")
]


def _address(route: Route, data: CountyData) -> str:
    keys = {
        "counties": data.county.pk,
        "properties": data.parcels[0].pk,
        "sales": data.sales[0].pk,
        "reference-layers": data.layer.pk,
    }
    return route.path(**{name: str(keys[route.template.split("/")[2]]) for name in route.parameters})


def test_the_records_are_there() -> None:
    assert len(RECORDS) >= 10


@pytest.mark.parametrize("route", RECORDS, ids=lambda r: r.template)
def test_a_county_without_rights_is_not_there(
    route: Route, client: APIClient, county: CountyData, other: CountyData
) -> None:
    assert client.get(_address(route, county)).status_code == 200
    response = client.get(_address(route, other))
    if route.parameters:
        assert response.status_code == 404
        assert response.json()["code"] == "not_found"
    else:
        assert b"COUNTY01" in response.content
    assert b"COUNTY02" not in response.content


@pytest.mark.parametrize("route", RECORDS, ids=lambda r: r.template)
def test_personal_data_never_goes_out(route: Route, county: CountyData, admin_api: APIClient) -> None:
    manager = client_of(member(county.county, "max", role="manager", may_see_personal_data=True))
    for client in (admin_api, manager):
        for accept in ("application/json", "text/html"):
            response = client.get(_address(route, county), headers={"Accept": accept})
            assert response.status_code == 200
            text = response.content.decode()
            assert not [secret for secret in PERSONAL if secret in text]
            assert "owner_name" not in text
            assert "mailing" not in text


EDITED = {"api/v1/counties/%(pk)s/settings": {"patch"}}


@pytest.mark.parametrize("route", RECORDS, ids=lambda r: r.template)
def test_the_records_are_read_only(route: Route, county: CountyData, admin_api: APIClient) -> None:
    for method in {"post", "put", "patch", "delete"} - EDITED.get(route.template, set()):
        response = getattr(admin_api, method)(_address(route, county), {})
        assert response.status_code == 405
        assert response.json()["code"] == "method_not_allowed"


def test_a_user_who_is_put_out_gets_nothing(county: CountyData) -> None:
    user = member(county.county)
    user.set_password("a-password-of-ann")
    user.save()
    token = APIClient().post("/api/v1/token", {"username": "ann", "password": "a-password-of-ann"}).json()["token"]
    client = APIClient(headers={"Authorization": f"Token {token}"})
    assert client.get("/api/v1/counties").status_code == 200
    User.objects.update(is_active=False)
    assert client.get("/api/v1/counties").status_code == 401


def test_rights_to_no_county_give_empty_lists(county: CountyData) -> None:
    client = client_of(User.objects.create_user("nobody"))
    assert client.get("/api/v1/counties").json()["results"] == []
    assert client.get("/api/v1/properties").json()["features"] == []
