"""A second factor and OpenID Connect: off unless asked for, and tested in a process of their own, with them on."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client

from tests.conftest import ROOT
from tests.platform.test_s3_and_redis import free_port


@pytest.mark.django_db
def test_off_nothing_of_it_is_there() -> None:
    assert not [app for app in apps.get_app_configs() if app.name.startswith("allauth")]
    assert not [name for name in (*settings.MIDDLEWARE, *settings.AUTHENTICATION_BACKENDS) if "allauth" in name]
    for path in ("/sign-in/login/", "/sign-in/2fa/", "/sign-in/oidc/office/login/"):
        assert Client().get(path).status_code == 404
    for path in ("/admin/login/", "/api-auth/login/"):
        assert Client().get(path).status_code == 200


@pytest.mark.timeout(900)
def test_on_people_sign_in_by_it() -> None:
    """Settings are read when a process starts."""
    port = free_port()
    environment = {
        **os.environ,
        "SECOND_FACTOR": "true",
        "OIDC_SERVER_URL": f"http://127.0.0.1:{port}",
        "OIDC_CLIENT_ID": "terrafusion",
        "OIDC_CLIENT_SECRET": "secret-of-the-client",
        "TEST_DB_SUFFIX": f"_sign_in{port}",
    }
    environment.pop("PYTEST_XDIST_WORKER", None)
    command = [sys.executable, "-m", "pytest", "-n", "0", "--timeout", "800", "tests/accounts/signing_in.py"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-10_000:] + done.stderr[-2_000:]
    assert "passed" in done.stdout
    assert "skipped" not in done.stdout
