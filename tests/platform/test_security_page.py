"""docs/operator/security.md says what answers really carry."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client

from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "operator" / "security.md").read_text()
HEADERS = dict(re.findall(r"^\| `([A-Z][A-Za-z-]+)` \| `([^`]+)`", PAGE, re.MULTILINE))


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1/", "/admin/login/", "/healthz"])
def test_answers_have_the_headers_of_the_page(client: Client, settings: Any, path: str) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000  # as HTTPS=true sets it
    answer = client.get(path, secure=True)
    assert len(HEADERS) == 6
    for name, value in HEADERS.items():
        if name == "Cache-Control" and not path.startswith("/api/"):
            continue
        assert answer.headers[name].startswith(value), name
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "script-src 'self';" in f"{policy};"
    assert "frame-ancestors 'none'" in policy
    assert not [name for name in answer.headers if name.startswith("Access-Control")]


def test_settings_are_as_the_page_says() -> None:
    assert {validator["NAME"].rpartition(".")[2] for validator in django_settings.AUTH_PASSWORD_VALIDATORS} == {
        "UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator",
        "NumericPasswordValidator",
    }  # fmt: skip
    assert (django_settings.FILE_UPLOAD_PERMISSIONS, django_settings.FILE_UPLOAD_DIRECTORY_PERMISSIONS) == (
        0o640,
        0o750,
    )


def test_links_of_the_page_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        name, _, anchor = target.partition("#")
        path = ROOT / "docs" / "operator" / name
        assert path.is_file(), target
        titles = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
        assert not anchor or anchor in anchors, target
