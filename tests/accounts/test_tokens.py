"""Tokens of the API: kept as hashes, several a user, with a name, a scope and an end."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from terrafusion.accounts import tokens
from terrafusion.accounts.models import Token
from terrafusion.records.models import County
from tests.conftest import MakeUser, Role

PASSWORD = "secret-of-tests"  # of make_user
pytestmark = pytest.mark.django_db


def sign_in(user: Any, **wanted: Any) -> dict[str, Any]:
    credentials = {"username": user.username, "password": PASSWORD}
    response = APIClient().post("/api/v1/token", {**credentials, **wanted})
    assert response.status_code == 200, response.content
    made: dict[str, Any] = response.json()
    return made


def bearer(token: str) -> APIClient:
    return APIClient(headers={"Authorization": f"Token {token}"})


def status_with(token: str) -> int:
    return int(bearer(token).get("/api/v1/counties").status_code)


@pytest.fixture
def session(analyst: Any) -> Client:
    client = Client(headers={"Accept": "application/json"})
    client.force_login(analyst)
    return client


def test_each_sign_in_gives_a_token_of_its_own(analyst: Any) -> None:
    first, second = sign_in(analyst), sign_in(analyst)
    assert first["token"] != second["token"]
    assert (first["name"], first["scope"]) == ("", "write")
    for made in (first, second):
        assert status_with(made["token"]) == 200
        assert made["token"].startswith(made["id"])
        days = (datetime.fromisoformat(made["expires"]) - timezone.now()) / timedelta(days=1)
        assert 89.9 < days < 90


def test_the_token_is_nowhere_in_the_database(analyst: Any) -> None:
    token = sign_in(analyst, name="of the backup")["token"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(t)::text FROM accounts_token t")
        (row,) = cursor.fetchone()
    assert token not in row
    assert token[16:] not in row
    for wrong in (token[:-1], token + "0", token.upper(), Token.objects.get().digest, "\xff", ""):
        assert APIClient(headers={"Authorization": f"Token {wrong}"}).get("/api/v1/counties").status_code == 401


def test_a_read_token_reads(analyst: Any) -> None:
    client = bearer(sign_in(analyst, scope="read", name="map")["token"])
    assert client.get("/api/v1/counties").status_code == 200
    assert client.head("/api/v1/counties").status_code == 200
    refused = client.post("/api/v1/gis-export/run", {"export_format": "CSV", "county_id": "COUNTY01", "layers": []})
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert "scope" in refused.json()["detail"]
    for call in (client.delete("/api/v1/tokens"), client.patch("/api/v1/counties/COUNTY01/settings", {})):
        assert call.status_code == 403


def test_a_token_expires(analyst: Any) -> None:
    token = sign_in(analyst, days=1)["token"]
    assert status_with(token) == 200
    Token.objects.update(expiry=timezone.now())
    assert status_with(token) == 401
    sign_in(analyst)  # which clears away what has ended
    assert Token.objects.count() == 1


@pytest.mark.parametrize(
    ("wanted", "field"),
    [({"days": 0}, "days"), ({"days": 367}, "days"), ({"scope": "admin"}, "scope"), ({"expires": "never"}, "expires")],
)
def test_what_a_token_cannot_be(analyst: Any, session: Client, wanted: dict[str, Any], field: str) -> None:
    for response in (
        APIClient().post("/api/v1/token", {"username": "analyst", "password": PASSWORD, **wanted}),
        session.post("/api/v1/tokens", wanted, content_type="application/json"),
    ):
        assert response.status_code == 400
        assert [fault["field"] for fault in response.json()["errors"]] == [field]


def test_own_tokens_over_rest(analyst: Any, session: Client, make_user: MakeUser) -> None:
    of_another = sign_in(make_user("other"))
    made = session.post("/api/v1/tokens", {"name": "GIS", "scope": "read", "days": 7}, content_type="application/json")
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    program = sign_in(analyst, name="nightly export")

    listed = session.get("/api/v1/tokens").json()
    assert [(each["name"], each["scope"]) for each in listed] == [("nightly export", "write"), ("GIS", "read")]
    assert {key for each in listed for key in each} == {"id", "name", "scope", "created_at", "expires", "used_at"}
    assert bearer(program["token"]).get(f"/api/v1/tokens/{program['id']}").json()["name"] == "nightly export"

    assert session.delete(f"/api/v1/tokens/{of_another['id']}").status_code == 404
    assert session.delete(f"/api/v1/tokens/{made.json()['id']}").status_code == 204
    assert status_with(made.json()["token"]) == 401
    assert status_with(program["token"]) == 200
    assert bearer(program["token"]).delete("/api/v1/tokens").json() == {"revoked": 1}
    assert status_with(program["token"]) == 401
    assert status_with(of_another["token"]) == 200


def test_a_token_makes_no_token(analyst: Any) -> None:
    token = sign_in(analyst)["token"]
    refused = bearer(token).post("/api/v1/tokens", {})
    assert refused.status_code == 403
    assert Token.objects.count() == 1


def _by_command(user: Any, folder: Path) -> None:
    call_command("add_user", user.username, "--password-file", str(folder / "password"), stdout=StringIO())


def _by_admin(user: Any, folder: Path) -> None:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("root", password="root-password"))
    new = {"password1": "quite-another-1", "password2": "quite-another-1", "usable_password": "true"}
    assert client.post(f"/admin/auth/user/{user.pk}/password/", new).status_code == 302


def _put_out_of_use(user: Any, folder: Path) -> None:
    user.set_unusable_password()
    user.save(update_fields=["password"])


def _by_sql(user: Any, folder: Path) -> None:
    get_user_model().objects.filter(pk=user.pk).update(password="!")


@pytest.mark.parametrize("change", [_by_command, _by_admin, _put_out_of_use, _by_sql])
def test_a_new_password_ends_all_tokens(analyst: Any, make_user: MakeUser, tmp_path: Path, change: Any) -> None:
    mine, of_another = sign_in(analyst, name="export")["token"], sign_in(make_user("other"))["token"]
    change(analyst, tmp_path)
    assert status_with(mine) == 401
    assert status_with(of_another) == 200


def test_a_rehash_of_the_same_password_ends_none(analyst: Any, settings: Any) -> None:
    token, before = sign_in(analyst)["token"], analyst.password
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        "django.contrib.auth.hashers.MD5PasswordHasher",
    ]
    sign_in(analyst)
    analyst.refresh_from_db()
    assert analyst.password != before
    assert status_with(token) == 200


def test_a_look_up_is_one_query_and_writes_once_an_hour(analyst: Any, django_assert_num_queries: Any) -> None:
    client = bearer([sign_in(analyst) for _ in range(5)][-1]["token"])

    def of_tokens() -> list[str]:
        with django_assert_num_queries(2) as asked:  # the token with its user; the counties
            assert client.get("/api/v1/counties").status_code == 200
        return [query["sql"] for query in asked.captured_queries if "accounts_token" in query["sql"]]

    assert client.get("/api/v1/counties").status_code == 200  # its first use is noted
    assert len(of_tokens()) == 1
    Token.objects.update(used_at=timezone.now() - timedelta(minutes=59))
    assert len(of_tokens()) == 1
    long_ago = timezone.now() - timedelta(minutes=61)
    Token.objects.update(used_at=long_ago)
    assert client.get("/api/v1/counties").status_code == 200
    assert Token.objects.filter(used_at__gt=long_ago).count() == 1


def test_named_tokens_stay_and_sign_ins_give_way(
    analyst: Any, session: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "MAXIMUM", 3)
    named = [sign_in(analyst, name=f"program {number}")["token"] for number in range(2)]
    passing = [sign_in(analyst)["token"] for _ in range(3)]
    assert [status_with(token) for token in (*named, *passing)] == [200, 200, 401, 401, 200]
    sign_in(analyst, name="the third")
    refused = session.post("/api/v1/tokens", {"name": "the fourth"}, content_type="application/json")
    assert refused.status_code == 400
    assert "revoke one" in refused.json()["detail"]


def test_in_the_admin(analyst: Any, make_user: MakeUser, county: County) -> None:
    token = sign_in(analyst, name="GIS")
    client = Client()
    client.force_login(make_user("clerk", Role.MANAGER, county))
    assert client.get("/admin/accounts/token/").status_code == 302
    client.force_login(get_user_model().objects.create_superuser("root", password="root-password"))
    page = client.get("/admin/accounts/token/", {"q": "analyst"}).content.decode()
    assert token["id"] in page
    assert token["token"] not in page
    assert client.get("/admin/accounts/token/add/").status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [Token.objects.get().pk], "post": "yes"}
    assert client.post("/admin/accounts/token/", chosen).status_code == 302
    assert status_with(token["token"]) == 401


def test_tokens_of_before_go_on_as_hashes(analyst: Any) -> None:
    """The migration itself, on the table that it replaces."""
    key = "0123456789abcdef0123456789abcdef01234567"
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE authtoken_token (key varchar(40) PRIMARY KEY, created timestamptz NOT NULL,"
            " user_id integer NOT NULL UNIQUE)"
        )
        cursor.execute("INSERT INTO authtoken_token VALUES (%s, now(), %s)", [key, analyst.pk])
    assert status_with(key) == 401
    migration = import_module("terrafusion.accounts.migrations.0001_tokens")
    with connection.schema_editor(atomic=False) as editor:
        migration.take_over(apps, editor)
    assert status_with(key) == 200
    moved = Token.objects.get()
    assert 89 < (moved.expiry - timezone.now()).days + 1 <= 90
    assert "authtoken_token" not in connection.introspection.table_names()
    analyst.set_password("another-secret")
    analyst.save()
    assert status_with(key) == 401
