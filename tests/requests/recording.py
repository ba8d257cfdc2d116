"""Answers to many bodies, compared with those on record in ``answers/``.

``WRITE_ANSWERS=1`` writes the record anew: review its difference like any other change of the API.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.contrib.gis.geos import GEOSGeometry
from django.db import models, transaction
from rest_framework.test import APIClient

from terrafusion.jobs.dispatch import LIFECYCLE
from terrafusion.jobs.models import AbstractJob
from terrafusion.records import county_time
from terrafusion.records.models import County
from tests.conftest import ROOT, ClientOf

ANSWERS = Path(__file__).parent / "answers"
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_VARYING = {"job_id", "links", "created_at", "updated_at", "expires_at"}
_BLOCK = re.compile(r"```json\n(.*?)```", re.DOTALL)
_SHOWN = 300  # characters of a message: some list every field of a layer

_ESTIMATED = {"estimated_sales", "estimated_bytes"}
"""Depend on the statistics that the database has of its tables, and on how the sample that is packed was stored."""

Case = tuple[str, Any] | tuple[str, Any, str]
"""A name, a body, and who sends it: a key of the clients, ``analyst`` where it is left out."""


class Form(dict[str, str]):
    """A body that is sent as the form of a page, not as JSON."""


class Recorder:
    """Sends bodies to one URL; nothing that a body makes outlives its answer."""

    def __init__(self, model: type[AbstractJob], url: str, county: County, clients: Mapping[str, APIClient]) -> None:
        self.model, self.url, self.county, self.clients = model, url, county, clients
        self._own = [field for field in model._meta.concrete_fields if field.name not in LIFECYCLE | _ESTIMATED]
        today = county_time.today(county)
        self._days = {str(today): "<today>", str(today - timedelta(days=30)): "<30 days ago>"}

    def answers(self, cases: Iterable[Case]) -> dict[str, Any]:
        answers: dict[str, Any] = {}
        for name, body, *by in cases:
            assert name not in answers, f"two cases are called {name!r}"
            answers[name] = self._answer(body, self.clients[by[0] if by else "analyst"])
        return answers

    def _answer(self, body: Any, client: APIClient) -> Any:
        form = isinstance(body, Form)
        sent = urlencode(body) if form else body if isinstance(body, bytes) else json.dumps(body)
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        with transaction.atomic():
            response = client.post(self.url, sent, content_type=kind)
            content = response.json() if "json" in response.headers["Content-Type"] else {}
            stored = self._stored(content["job_id"]) if response.status_code == 202 else {}
            transaction.set_rollback(True)
        answer: dict[str, Any] = {"status": response.status_code}
        if response.status_code == 200:
            answer["shown"] = {name: value for name, value in content.items() if name != "bytes"}
        elif response.status_code == 202:
            kept = {name: value for name, value in content.items() if name not in _VARYING}
            answer |= {"shown": {name: value for name, value in kept.items() if value is not None}, "stored": stored}
        else:
            answer["code"] = content["code"]
            answer["faults"] = [
                f"{fault['field']} [{fault['code']}] {fault['detail'][:_SHOWN]}"
                for fault in sorted(content["errors"], key=lambda fault: (str(fault["field"]), fault["detail"]))
            ]
            if content["error_count"] > len(answer["faults"]):
                answer["error_count"] = content["error_count"]
        return self._stable(answer)

    def _stored(self, job_id: str) -> dict[str, Any]:
        job = self.model.objects.get(pk=job_id)
        return {field.attname: _plain(field, job) for field in self._own if getattr(job, field.attname) is not None}

    def _stable(self, answer: Any) -> Any:
        text = _UUID.sub(lambda match: match[0] if match[0].startswith("00000000") else "<id>", json.dumps(answer))
        for written, meaning in self._days.items():
            text = text.replace(written, meaning)
        return json.loads(text)


def _plain(field: models.Field[Any, Any], job: AbstractJob) -> Any:
    value = getattr(job, field.attname)
    if isinstance(value, GEOSGeometry):
        return f"{value.geom_type} of {value.num_points} points in {[round(edge, 6) for edge in value.extent]}"
    return value if isinstance(value, bool | int | float | str | list | dict) else str(value)


def senders(client_of: ClientOf, **users: Any) -> dict[str, APIClient]:
    return {name: client_of(user) for name, user in users.items()}


def documented(page: str, key: str, county: County) -> list[Case]:
    """The bodies among the JSON examples of a page of ``docs/user``, asked of this county."""
    text = (ROOT / "docs" / "user" / page).read_text(encoding="utf-8")
    bodies = [json.loads(block) for block in _BLOCK.findall(text)]
    bodies = [body for body in bodies if isinstance(body, dict) and key in body]
    return [(f"{page} {number}", {**body, "county_id": county.pk}) for number, body in enumerate(bodies, 1)]


def compare(name: str, answers: dict[str, Any]) -> None:
    path = ANSWERS / f"{name}.json"
    if os.environ.get("WRITE_ANSWERS"):
        path.write_text(json.dumps(answers, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    recorded = json.loads(path.read_text(encoding="utf-8"))
    changed = {case for case in {*recorded, *answers} if recorded.get(case) != answers.get(case)}
    shown = [f"{case}\n  on record: {recorded.get(case)}\n  now: {answers.get(case)}" for case in sorted(changed)]
    assert not changed, "\n".join(shown)
