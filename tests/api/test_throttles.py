from __future__ import annotations

import pytest
from django.core.cache import cache, caches
from django.test import Client
from rest_framework.test import APIClient
from rest_framework.throttling import SimpleRateThrottle


@pytest.fixture
def _slow(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = {"user": "2/min", "anon": "2/min", "login": "2/min"}
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", rates)


@pytest.mark.usefixtures("_slow")
def test_a_user_is_throttled(client: APIClient) -> None:
    for _ in range(2):
        assert client.get("/api/v1/counties").status_code == 200
    response = client.get("/api/v1/counties")
    assert response.status_code == 429
    assert response.json()["code"] == "throttled"
    assert 0 < int(response.headers["Retry-After"]) <= 60


@pytest.mark.django_db
@pytest.mark.usefixtures("_slow")
@pytest.mark.parametrize("path", ["/api/v1/token", "/api-auth/login/", "/admin/login/"])
def test_guessing_passwords_is_throttled(path: str) -> None:
    client = Client()
    caches["logins"].clear()  # a test before may have signed in for good
    for number in range(2):
        cache.clear()  # as another web process, which has counted nothing
        # Addresses that the client invents do not help it.
        headers = {"X-Forwarded-For": f"10.0.0.{number}"}
        assert client.post(path, {"username": "a", "password": "b"}, headers=headers).status_code in (200, 400)
    response = client.post(path, {"username": "a", "password": "b"})
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 60
    if path != "/api/v1/token":
        assert client.get(path).status_code == 200  # the form itself is still shown
