"""How often one account may be tried, from everywhere together; the record of sign-ins; sessions that nobody uses."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import Permission, User
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from terrafusion.accounts.models import AccountEvent, EventKind
from tests.conftest import MakeUser

PASSWORD = "secret-of-tests"  # of make_user
DOORS = ["/api/v1/token", "/api-auth/login/", "/admin/login/"]
OFFICE = "203.0.113.7"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_limit_by_address() -> None:
    caches["logins"].clear()


def attempt(door: str, username: str, password: str, address: str) -> Any:
    """In a browser, or a program, of its own."""
    caches["logins"].clear()  # the limit of one address is not what is tested
    return Client(REMOTE_ADDR=address).post(door, {"username": username, "password": password})


def signed_in(door: str, response: Any) -> bool:
    return bool(response.status_code == (200 if door == "/api/v1/token" else 302))


_STRANGERS = count()


def guess(username: str, times: int) -> list[int]:
    """Each guess from another address, and through another door."""
    return [
        attempt(DOORS[number % 3], username, f"guess {number}", f"198.51.100.{next(_STRANGERS) % 250}").status_code
        for number in range(times)
    ]


@pytest.fixture
def person(make_user: MakeUser) -> User:
    user: User = make_user("ann")
    user.is_staff = True
    user.save()
    return user


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("username", ["ann", "nobody"])
def test_an_account_is_closed_to_guesses_from_everywhere(person: User, door: str, username: str) -> None:
    assert not {429} & {*guess(username, 10)}
    for password in (PASSWORD, "another guess"):
        response = attempt(door, username, password, "192.0.2.1")
        assert response.status_code == 429
        assert 840 < int(response.headers["Retry-After"]) <= 900
    assert signed_in(door, attempt(door, "bob", PASSWORD, "192.0.2.1")) is False
    User.objects.create_user("bob", password=PASSWORD, is_staff=True)
    assert signed_in(door, attempt(door, "bob", PASSWORD, "192.0.2.1"))


@pytest.mark.parametrize("typed", ["ann", "ANN", " ann ", "\uff41nn"])
def test_other_ways_to_write_the_name_are_the_same_account(person: User, typed: str) -> None:
    guess("ann", 10)
    assert attempt("/api/v1/token", typed, PASSWORD, "192.0.2.1").status_code == 429


@pytest.mark.parametrize("door", DOORS)
def test_strangers_do_not_keep_the_owner_out(person: User, door: str) -> None:
    assert signed_in(door, attempt(door, "ann", PASSWORD, OFFICE))
    guess("ann", 25)
    assert attempt(door, "ann", PASSWORD, "192.0.2.1").status_code == 429
    assert signed_in(door, attempt(door, "ann", PASSWORD, OFFICE))


def test_a_familiar_address_has_a_limit_too_and_not_for_ever(person: User) -> None:
    assert attempt("/api/v1/token", "ann", PASSWORD, OFFICE).status_code == 200
    for number in range(10):
        assert attempt("/api/v1/token", "ann", f"guess {number}", OFFICE).status_code == 400
    assert attempt("/api/v1/token", "ann", PASSWORD, OFFICE).status_code == 429
    # Nobody has signed in there for long: it is as any other.
    AccountEvent.objects.filter(kind=EventKind.FAILED).update(address="198.51.100.1")
    assert attempt("/api/v1/token", "ann", PASSWORD, OFFICE).status_code == 200
    AccountEvent.objects.exclude(kind=EventKind.FAILED).update(at=timezone.now() - timedelta(days=91))
    assert attempt("/api/v1/token", "ann", PASSWORD, OFFICE).status_code == 429


def test_an_account_opens_again_and_refusals_do_not_prolong(person: User) -> None:
    guess("ann", 10)
    guess("ann", 30)
    assert AccountEvent.objects.filter(kind=EventKind.FAILED).count() == 10
    assert AccountEvent.objects.filter(kind=EventKind.REFUSED).count() == 1
    AccountEvent.objects.update(at=timezone.now() - timedelta(minutes=15, seconds=1))
    assert attempt("/api/v1/token", "ann", PASSWORD, "192.0.2.1").status_code == 200


def test_no_way_to_sign_in_goes_around_the_limit(person: User) -> None:
    request = RequestFactory().post("/", REMOTE_ADDR="192.0.2.1")
    assert authenticate(request, username="ann", password=PASSWORD) == person
    guess("ann", 10)
    AccountEvent.objects.filter(kind=EventKind.SIGNED_IN).delete()
    assert authenticate(request, username="ann", password=PASSWORD) is None
    assert AccountEvent.objects.filter(kind=EventKind.FAILED).count() == 10


def test_sessions_and_tokens_go_on_meanwhile(person: User) -> None:
    browser = Client(REMOTE_ADDR=OFFICE)
    assert browser.post("/admin/login/", {"username": "ann", "password": PASSWORD}).status_code == 302
    token = attempt("/api/v1/token", "ann", PASSWORD, OFFICE).json()["token"]
    guess("ann", 20)
    assert browser.get("/admin/").status_code == 200
    program = Client(REMOTE_ADDR="192.0.2.1", headers={"Authorization": f"Token {token}"})
    assert program.get("/api/v1/counties").status_code == 200


@pytest.mark.parametrize("body", ["[]", '"ann"', '{"username": ["ann"], "password": 1}', '{"username": null}', "{"])
def test_odd_bodies_are_answered_as_such(body: str) -> None:
    caches["logins"].clear()
    response = Client().post("/api/v1/token", body, content_type="application/json")
    assert response.status_code == 400
    assert not AccountEvent.objects.exists()


def events() -> list[tuple[str, str, str | None]]:
    return list(AccountEvent.objects.order_by("at", "pk").values_list("kind", "username", "address"))


def test_what_happens_is_recorded_and_no_secret(person: User, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "terrafusion.accounts")
    browser = Client(REMOTE_ADDR=OFFICE)
    browser.post("/api-auth/login/", {"username": "ann", "password": "wrong-secret"})
    browser.post("/api-auth/login/", {"username": "my-secret-by-mistake", "password": "wrong-secret"})
    browser.post("/api-auth/login/", {"username": "ann", "password": PASSWORD})
    made = browser.post("/api/v1/tokens", {"name": "GIS"}, headers={"Accept": "application/json"}).json()
    browser.delete(f"/api/v1/tokens/{made['id']}")
    browser.post("/api-auth/logout/")
    assert events() == [
        ("failed", "ann", OFFICE),
        ("failed", "", OFFICE),
        ("signed_in", "ann", OFFICE),
        ("token_made", "ann", OFFICE),
        ("token_revoked", "ann", OFFICE),
        ("signed_out", "ann", OFFICE),
    ]
    lines = [record.getMessage() for record in caplog.records if record.name == "terrafusion.accounts.events"]
    assert lines[0] == f"Failed to sign in, ann, from {OFFICE}"
    assert lines[3] == f"Token made, ann, from {OFFICE}, GIS ({made['id']}...)"
    assert len(lines) == 6
    kept = [*lines, *map(str, AccountEvent.objects.values_list())]
    for secret in (PASSWORD, "wrong-secret", "my-secret-by-mistake", made["token"]):
        assert not [line for line in kept if secret in line]


def test_the_record_in_the_admin_is_read_only(person: User) -> None:
    guess("ann", 11)
    browser = Client()
    browser.force_login(person)
    assert browser.get("/admin/accounts/accountevent/").status_code == 403
    person.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    page = browser.get("/admin/accounts/accountevent/", {"q": "ann"}).content.decode()
    assert page.count("Failed to sign in</td>") == 10
    assert page.count("Refused after too many failures</td>") == 1
    event = AccountEvent.objects.first()
    assert event is not None
    assert browser.get(f"/admin/accounts/accountevent/{event.pk}/change/").status_code == 200
    assert browser.post(f"/admin/accounts/accountevent/{event.pk}/change/", {"note": "x"}).status_code == 403
    assert browser.post(f"/admin/accounts/accountevent/{event.pk}/delete/", {"post": "yes"}).status_code == 403


def test_what_is_past_its_time_is_cleared_away(person: User) -> None:
    guess("ann", 2)
    AccountEvent.objects.update(at=timezone.now() - timedelta(days=401))
    guess("ann", 1)
    Client().force_login(person)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    attempt("/admin/login/", "ann", PASSWORD, OFFICE)
    assert [kind for kind, _, _ in events()] == ["failed", "signed_in", "signed_in"]
    assert Session.objects.count() == 1


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """``at(61)``: the clock is so many minutes later, also for the sessions in the database."""
    start = timezone.now()

    def move(minutes: float) -> None:
        now = start + timedelta(minutes=minutes)
        monkeypatch.setattr("terrafusion.accounts.idle.time.time", now.timestamp)
        monkeypatch.setattr("django.utils.timezone.now", lambda: now)

    return move


def test_a_session_ends_when_nobody_uses_it(person: User, at: Callable[[float], None]) -> None:
    browser = Client()
    at(0)
    browser.force_login(person)
    for minutes in (50, 100, 150):  # in use
        at(minutes)
        assert browser.get("/admin/").status_code == 200
    at(209)
    assert browser.get("/api/v1/counties").status_code == 200
    at(270)
    assert browser.get("/admin/").status_code == 302
    assert browser.get("/api/v1/counties").status_code == 401


def test_a_session_is_not_written_at_each_request(person: User, at: Callable[[float], None]) -> None:
    browser = Client()
    at(0)
    browser.force_login(person)

    def writes() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert browser.get("/api/v1/counties").status_code == 200
        return sum(query["sql"].startswith(("UPDATE", "INSERT")) for query in asked.captured_queries)

    assert writes() == 1
    at(2.9)
    assert writes() == 0
    at(3.1)
    assert writes() == 1
