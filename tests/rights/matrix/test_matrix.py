"""Who gets what: every route and method, by 15 kinds of user, of their own county and of another one.

``matrix.txt`` is the answer that is meant, reviewed as code is. ``make matrix`` writes it anew; what changed shows in
the difference. Besides, no answer and no file may hold what its reader has no right to.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse

from terrafusion.records.models import County
from tests.conftest import MakeUser
from tests.gis_export.conftest import close_writer
from tests.rights.matrix import people as kinds
from tests.rights.matrix.asked import Asked, asked
from tests.rights.matrix.world import World, world
from tests.rights.reading import content

TABLE = Path(__file__).with_name("matrix.txt")
WRITE = bool(os.environ.get("WRITE_MATRIX"))
pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module", autouse=True)
def _writer() -> Iterator[None]:
    yield
    close_writer()


@pytest.fixture
def worlds(
    transactional_db: None, county: County, other_county: County, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch
) -> tuple[World, World]:
    monkeypatch.setattr("rest_framework.throttling.SimpleRateThrottle.allow_request", lambda *_: True)
    return world(county, make_user), world(other_county, make_user)


@pytest.fixture
def clients(worlds: tuple[World, World], make_user: MakeUser) -> dict[str, Any]:
    own, other = worlds
    users = kinds.people(make_user, own.county, other.county)
    return {name: kinds.client_of(user) for name, user in users.items()}


def test_the_matrix(worlds: tuple[World, World], clients: dict[str, Any]) -> None:
    _check_files(worlds, clients)
    lines: dict[str, list[str]] = defaultdict(list)
    leaks: list[str] = []
    for here, one in zip(("own", "other"), worlds, strict=True):
        for request in asked(one):
            answers = {name: _answer(client, request) for name, client in clients.items()}
            codes = {name: code for name, (code, _) in answers.items()}
            lines[request.name].append(f"  {here + ':':7}{_grouped(codes)}")
            leaks += _leaks(request, answers, worlds)
    assert not leaks, "\n".join(sorted(set(leaks)))
    table = "".join(f"{name}\n" + "\n".join(sorted(rows, reverse=True)) + "\n" for name, rows in sorted(lines.items()))
    if WRITE:
        TABLE.write_text(table)
    assert len(lines) > 150
    assert table == TABLE.read_text()


def _check_files(worlds: tuple[World, World], clients: dict[str, Any]) -> None:
    """Files of every format go to those with the right."""
    for one, readers in zip(worlds, (kinds.PERSONAL_OWN, kinds.PERSONAL_OTHER), strict=True):
        assert len(one.exports) == 15
        for name, job in one.exports.items():
            route = reverse("gis_export:download", args=[job.pk])
            codes = {kind: _answer(client, Asked("", "get", route))[0] for kind, client in clients.items()}
            assert {kind for kind, code in codes.items() if code == 200} == readers, name


def _leaks(request: Asked, answers: dict[str, tuple[int, str]], worlds: tuple[World, World]) -> Iterator[str]:
    for name, (code, text) in answers.items():
        if code >= 500:
            yield f"{name}: {request.name}: {code} {text[:300]}"
        yield from (f"{name}: {request.name}: {mark}" for mark in _hidden(name, worlds) if mark in text)


def _answer(client: Any, request: Asked) -> tuple[int, str]:
    """The status and the text of an answer; what it did to the database is undone."""
    with transaction.atomic():
        given = {} if request.body is None else {"data": request.body, "format": "json"}
        response = getattr(client, request.method)(request.path, **given)
        text = content(response)
        transaction.set_rollback(True)
    return response.status_code, text


def _hidden(name: str, worlds: tuple[World, World]) -> Iterator[str]:
    """What must be in no answer to this kind of user."""
    for one, sees, personal in zip(
        worlds, (kinds.SEES_OWN, kinds.SEES_OTHER), (kinds.PERSONAL_OWN, kinds.PERSONAL_OTHER), strict=True
    ):
        if name not in sees:
            yield one.mark
        if name not in personal:
            yield one.secret


def _grouped(codes: dict[str, int]) -> str:
    """``200 viewer, analyst; 404 the others``: the largest group comes last, without its names."""
    groups: dict[int, list[str]] = defaultdict(list)
    for name, code in codes.items():
        groups[code].append(name)
    *named, (rest, _) = sorted(groups.items(), key=lambda group: (len(group[1]), group[0]))
    parts = [f"{code} {', '.join(names)}" for code, names in sorted(named)]
    return "; ".join([*parts, f"{rest} {'the others' if parts else 'all'}"])
