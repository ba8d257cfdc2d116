"""Transitions in any order, and of many processes at once."""

from __future__ import annotations

import multiprocessing
import uuid
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from terrafusion.jobs.states import FINISHED, Status, may_move
from terrafusion.records.models import County
from tests.dummy_plugin.models import DummyJob
from tests.jobs.conftest import Submit
from tests.jobs.test_transitions import MOVES


class TestAnyOrder(TestCase):
    """Whatever is tried in whatever order, a job moves along the diagram, and what says False has changed nothing."""

    @settings(max_examples=60, deadline=None)
    @given(names=st.lists(st.sampled_from(sorted(MOVES)), max_size=12))
    def test_moves(self, names: list[str]) -> None:
        county = County.objects.create(id="C", name="C", state="WA", state_plane_srid=2285)
        job = DummyJob.objects.create(county=county, flavour="plain", expires_at=timezone.now())
        token = uuid.uuid4()
        for name in names:
            before = DummyJob.objects.filter(pk=job.pk).values().get()
            won = MOVES[name](job.pk, token)
            after = DummyJob.objects.filter(pk=job.pk).values().get()
            if name == "claim" and won:
                token = won
            if not won:
                assert after == before, name
            assert not (won and name.startswith("stranger")), name
            if after["status"] != before["status"]:
                assert may_move(Status(before["status"]), Status(after["status"])), (name, before["status"])
            assert (after["completed_at"] is not None) == (after["status"] in FINISHED)
            assert after["attempt"] <= 3


def _race(name: str, job_id: uuid.UUID, start: Any, wins: Any) -> None:
    connections["default"].settings_dict["NAME"] = name
    start.wait()
    if DummyJob.objects.claim(job_id, "racer"):
        with wins.get_lock():
            wins.value += 1
    connections.close_all()


@pytest.mark.parametrize("round_", range(3))
def test_of_many_processes_one_claims(transactional_db: None, submit: Submit, round_: int) -> None:
    job = submit()
    name = connections["default"].settings_dict["NAME"]
    connections.close_all()
    context = multiprocessing.get_context("fork")
    start, wins = context.Barrier(12), context.Value("i", 0)
    racers = [context.Process(target=_race, args=(name, job.pk, start, wins)) for _ in range(12)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(60)
        assert racer.exitcode == 0
    job.refresh_from_db()
    assert (wins.value, job.attempt, job.status) == (1, 1, Status.RUNNING)
