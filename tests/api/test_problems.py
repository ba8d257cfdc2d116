"""Every error is a problem (RFC 9457), also where no view was reached."""

from __future__ import annotations

from typing import Any
from unittest import mock
from urllib.parse import urlencode

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import OperationalError, connection, transaction
from django.test import Client
from rest_framework.test import APIClient

from terrafusion.api import errors
from terrafusion.records.api.views import CountyViewSet
from tests.api.data import CountyData

MEMBERS = {"type", "title", "status", "detail", "code", "errors", "error_count"}


def problem_of(response: Any) -> dict[str, Any]:
    assert response.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert set(problem) == MEMBERS
    assert problem["type"] == "about:blank"
    assert problem["status"] == response.status_code
    assert problem["detail"]
    return problem


def test_an_unknown_object(client: APIClient) -> None:
    problem = problem_of(client.get("/api/v1/counties/NOWHERE"))
    assert (problem["status"], problem["code"], problem["title"]) == (404, "not_found", "Not Found")
    assert problem["errors"] == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    ["/api/v1/nothing", "/api/v1/properties/abc", "/api/v2/", "/api", "/api/v1/a%00b", "/api/v1/sales/a%0Ab"],
)
@pytest.mark.parametrize("debug", [True, False])
def test_an_unknown_route(path: str, debug: bool, settings: Any) -> None:
    settings.DEBUG = debug
    for method in ("get", "post", "delete"):
        problem = problem_of(getattr(Client(), method)(path))
        assert (problem["status"], problem["code"]) == (404, "unknown_route")


def test_an_unknown_route_in_the_browser(client: APIClient) -> None:
    """The problem and the way back; nothing to send or to delete."""
    page = client.get("/api/v1/nothing", headers={"Accept": "text/html"}).content.decode()
    assert "Nothing here" in page
    assert "unknown_route" in page
    assert 'data-method="DELETE"' not in page
    assert 'name="_content"' not in page


def test_a_problem_in_the_browser(client: APIClient) -> None:
    response = client.get("/api/v1/properties?county_id=NOPE", headers={"Accept": "text/html"})
    assert response.status_code == 400
    assert response.headers["Content-Type"].startswith("text/html")
    assert "validation_error" in response.content.decode()


def test_a_problem_of_a_view_that_does_not_speak_json() -> None:
    problem = problem_of(Client().get("/api/v1/schema"))
    assert (problem["status"], problem["code"]) == (401, "not_authenticated")


def test_authentication(db: None) -> None:
    response = Client().get("/api/v1/counties")
    assert problem_of(response)["code"] == "not_authenticated"
    assert response.headers["WWW-Authenticate"] == "Token"
    response = Client().get("/api/v1/counties", headers={"Authorization": "Token wrong"})
    assert problem_of(response)["code"] == "authentication_failed"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"\xff",
        b'{"username": NaN}',
        b"[" * 100_000,
        b'{"username": "a\\u0000b", "password": "x"}',
        b'{"username": "\\ud800", "password": "x"}',
    ],
)
def test_malformed_json(body: bytes) -> None:
    problem = problem_of(Client().post("/api/v1/token", body, content_type="application/json"))
    if body:
        assert (problem["status"], problem["code"]) == (400, "parse_error")
    else:
        assert {fault["field"] for fault in problem["errors"]} == {"username", "password"}


@pytest.mark.django_db
@pytest.mark.parametrize("body", [{"username": "a\0b", "password": "x"}, {"user\0name": "a", "password": "x"}])
def test_nul_in_a_form(body: dict[str, str]) -> None:
    client = Client()
    for response in (client.post("/api/v1/token", body), APIClient().post("/api/v1/token", body, format="multipart")):
        assert problem_of(response)["code"] == "parse_error"
    text = urlencode(body)
    response = client.post("/api/v1/token", text, content_type="application/x-www-form-urlencoded")
    assert problem_of(response)["code"] == "parse_error"


def test_every_invalid_field_at_once(db: None) -> None:
    problem = problem_of(Client().post("/api/v1/token", {"username": ""}, content_type="application/json"))
    assert (problem["status"], problem["code"]) == (400, "validation_error")
    assert {(fault["field"], fault["code"]) for fault in problem["errors"]} == {
        ("username", "blank"),
        ("password", "required"),
    }
    assert "username" in problem["detail"]
    assert "password" in problem["detail"]


def test_a_fault_of_the_whole_body(db: None) -> None:
    problem = problem_of(Client().post("/api/v1/token", "[1]", content_type="application/json"))
    assert [(fault["field"], fault["code"]) for fault in problem["errors"]] == [(None, "invalid")]


def test_a_body_that_is_too_long(db: None, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    problem = problem_of(Client().post("/api/v1/token", {"username": "x" * 200}, content_type="application/json"))
    assert (problem["status"], problem["code"]) == (413, "body_too_large")


def test_a_media_type_that_is_not_taken(db: None) -> None:
    assert problem_of(Client().post("/api/v1/token", "x", content_type="text/plain"))["status"] == 415


def test_an_answer_that_is_not_given(client: APIClient) -> None:
    assert problem_of(client.get("/api/v1/counties", headers={"Accept": "image/png"}))["status"] == 406


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.Conflict("Too late.", "not_cancellable"), 409, "not_cancellable"),
        (errors.Gone(), 410, "gone"),
        (errors.RangeNotSatisfiable(), 416, "range_not_satisfiable"),
        (OperationalError("server closed the connection"), 503, "database_unavailable"),
    ],
)
def test_our_own_errors(client: APIClient, error: Exception, status: int, code: str) -> None:
    client.raise_request_exception = False
    with mock.patch.object(CountyViewSet, "list", side_effect=error):
        response = client.get("/api/v1/counties")
    problem = problem_of(response)
    assert (problem["status"], problem["code"]) == (status, code)
    assert response.headers.get("Retry-After") == ("10" if status == 503 else None)


@pytest.mark.parametrize("method", ["list", "finalize_response"])  # inside DRF, and where only Django sees it
@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_a_query_that_the_server_ends(client: APIClient, county: CountyData, method: str, accept: str) -> None:
    """Nothing is wrong with the database, and it says so."""
    client.raise_request_exception = False

    def long(*arguments: Any, **options: Any) -> Any:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 20")
            cursor.execute("SELECT pg_sleep(5)")

    with mock.patch.object(CountyViewSet, method, side_effect=long):
        response = client.get("/api/v1/counties", headers={"Accept": accept})
    assert response.status_code == 504
    assert b"pg_sleep" not in response.content
    assert b"took longer than it may" in response.content
    if accept == "application/json":
        assert problem_of(response)["code"] == "query_timed_out"
    assert client.get("/api/v1/counties").status_code == 200


@pytest.mark.parametrize("method", ["list", "finalize_response"])  # inside DRF, and where only Django sees it
@pytest.mark.parametrize("state", ["40P01", "40001"])  # deadlock, serialization failure
def test_a_transaction_that_the_server_undoes(client: APIClient, county: CountyData, method: str, state: str) -> None:
    """It may be sent again at once, and the database is not away."""
    client.raise_request_exception = False

    def undone(*arguments: Any, **options: Any) -> Any:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'of process 1' USING ERRCODE = '{state}'; END $$")

    with mock.patch.object(CountyViewSet, method, side_effect=undone):
        response = client.get("/api/v1/counties")
    problem = problem_of(response)
    assert (problem["status"], problem["code"]) == (503, "transaction_conflict")
    assert response.headers["Retry-After"] == "1"
    assert b"Send it again" in response.content
    assert b"process" not in response.content


def test_a_bug_reveals_nothing_of_itself(client: APIClient, county: CountyData) -> None:
    client.raise_request_exception = False
    for method in ("list", "finalize_response"):  # inside DRF, and where only Django sees it
        with mock.patch.object(CountyViewSet, method, side_effect=RuntimeError("secret of the server")):
            response = client.get("/api/v1/counties")
        problem = problem_of(response)
        assert (problem["status"], problem["code"]) == (500, "internal_error")
        assert b"secret" not in response.content


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1/counties", "/admin/", "/"])
def test_a_database_that_goes_away_before_any_view_is_reached(path: str) -> None:
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = "of-a-user"
    with mock.patch.object(SessionStore, "load", side_effect=OperationalError("secret of the server")):
        response = client.get(path)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "10")
    assert b"try again" in response.content
    assert b"secret" not in response.content
    if path.startswith("/api/"):
        assert problem_of(response)["code"] == "database_unavailable"


def test_an_unknown_host_is_a_problem_too(db: None) -> None:
    problem = problem_of(Client().get("/api/v1/counties", headers={"Host": "evil.example"}))
    assert (problem["status"], problem["code"]) == (400, "bad_request")


def test_csrf_is_checked_for_sessions(county: CountyData, django_user_model: Any) -> None:
    django_user_model.objects.create_superuser("root", password="root-password")
    client = APIClient(enforce_csrf_checks=True)
    client.login(username="root", password="root-password")
    problem = problem_of(client.post("/api/v1/counties", {}))
    assert (problem["status"], problem["code"]) == (403, "permission_denied")
