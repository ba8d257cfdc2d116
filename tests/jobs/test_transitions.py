"""Transitions: only those of the diagram, each for one winner, and the database refuses the rest."""

from __future__ import annotations

import multiprocessing
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from terrafusion.jobs.states import ACTIVE, CLAIMED, FINISHED, TRANSITIONS, Status, may_move
from terrafusion.records.models import County
from tests.dummy_plugin.models import DummyJob
from tests.jobs.conftest import Submit, claim

MINUTE = timedelta(minutes=1)


def test_the_diagram_is_whole() -> None:
    assert TRANSITIONS.keys() == set(Status)
    assert set(ACTIVE) | set(FINISHED) == set(Status)
    assert not set(ACTIVE) & set(FINISHED)
    reached = {target for targets in TRANSITIONS.values() for target in targets} | {Status.PENDING}
    assert reached == set(Status)
    for status in (Status.FAILED, Status.CANCELLED, Status.EXPIRED):
        assert not TRANSITIONS[status]


Move = Callable[[uuid.UUID, uuid.UUID], Any]
LOST = timedelta(0)
MOVES: dict[str, Move] = {
    "claim": lambda job, token: DummyJob.objects.claim(job, "w"),
    "heartbeat": lambda job, token: DummyJob.objects.heartbeat(job, token, progress=5),
    "announce": lambda job, token: DummyJob.objects.announce(job, token, "x"),
    "finish": lambda job, token: DummyJob.objects.finish(job, token),
    "fail": lambda job, token: DummyJob.objects.fail(job, token, "internal_error", ""),
    "cancelled": lambda job, token: DummyJob.objects.cancelled(job, token),
    "cancel_pending": lambda job, token: DummyJob.objects.cancel_pending(job),
    "request_cancel": lambda job, token: DummyJob.objects.request_cancel(job),
    "release": lambda job, token: DummyJob.objects.lost(LOST).release(job, token, 3),
    "expire": lambda job, token: DummyJob.objects.expire(job),
    "stranger finishes": lambda job, token: DummyJob.objects.finish(job, uuid.uuid4()),
    "stranger fails": lambda job, token: DummyJob.objects.fail(job, uuid.uuid4(), "internal_error", ""),
    "stranger beats": lambda job, token: DummyJob.objects.heartbeat(job, uuid.uuid4()),
}


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


@pytest.mark.parametrize("name", sorted(MOVES))
def test_a_move_is_of_one_job(submit: Submit, name: str) -> None:
    """Another job in the same state, even under the same claim, stays as it is."""
    begins = {"claim": "PENDING", "cancel_pending": "PENDING", "cancelled": "CANCELLING", "expire": "COMPLETED"}
    status = begins.get(name, "RUNNING")
    token = uuid.uuid4()
    there = {
        "status": status,
        "claim_token": token if status in CLAIMED else None,
        "heartbeat_at": timezone.now() - MINUTE if status in CLAIMED else None,
        "completed_at": timezone.now() if status == "COMPLETED" else None,
        "expires_at": timezone.now() - MINUTE,
    }
    meant, other = submit(), submit()
    DummyJob.objects.update(**there)
    before = DummyJob.objects.filter(pk=other.pk).values().get()
    won = MOVES[name](meant.pk, token)
    assert bool(won) == (not name.startswith("stranger"))
    assert DummyJob.objects.filter(pk=other.pk).values().get() == before


@pytest.mark.parametrize("status", Status.values)
def test_only_what_failed_or_was_cancelled_leaves_a_file_to_delete(submit: Submit, status: str) -> None:
    """A running job's file may be the one that its worker is publishing."""
    job = submit()
    claimed, ended = status in CLAIMED, status in FINISHED
    DummyJob.objects.filter(pk=job.pk).update(
        status=status,
        claim_token=uuid.uuid4() if claimed else None,
        heartbeat_at=timezone.now() if claimed else None,
        completed_at=timezone.now() if ended else None,
        publishing_as="x/y.csv",
    )
    expected = status in ("FAILED", "CANCELLED")
    assert DummyJob.objects.leftovers().exists() == expected
    assert DummyJob.objects.cleaned(job.pk) == expected


@pytest.mark.parametrize(
    "columns",
    [
        {"status": "LOST"},
        {"status": "COMPLETED"},  # without completed_at
        {"completed_at": timezone.now()},  # though it is pending
        {"status": "RUNNING"},  # without a claim
        {"result_file": "somewhere"},  # though it is not completed
    ],
)
def test_the_database_refuses(submit: Submit, columns: dict[str, Any]) -> None:
    job = submit()
    with pytest.raises(IntegrityError), transaction.atomic():
        DummyJob.objects.filter(pk=job.pk).update(**columns)


def test_a_worker_that_comes_back_from_the_dead_can_do_nothing(submit: Submit) -> None:
    job = submit()
    dead = claim(job)
    assert DummyJob.objects.lost(timedelta(0)).release(job.pk, dead, 3)
    living = claim(job)
    assert not DummyJob.objects.heartbeat(job.pk, dead)
    assert not DummyJob.objects.announce(job.pk, dead, "x")
    assert not DummyJob.objects.finish(job.pk, dead)
    assert not DummyJob.objects.fail(job.pk, dead, "internal_error", "")
    assert DummyJob.objects.finish(job.pk, living)
    assert DummyJob.objects.get(pk=job.pk).attempt == 2


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
    assert set(CLAIMED) == {Status.RUNNING, Status.CANCELLING}
