"""Transitions: only those of the diagram, each for one winner, and the database refuses the rest."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from terrafusion.jobs.models.webhook import WebhookDelivery
from terrafusion.jobs.states import ACTIVE, CLAIMED, FINISHED, TRANSITIONS, Status, may_move
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
    assert set(CLAIMED) == {Status.RUNNING, Status.CANCELLING}
    moves = {(source, target) for source in Status for target in Status if may_move(source, target)}
    assert moves == {(source, target) for source, targets in TRANSITIONS.items() for target in targets}


Move = Callable[[uuid.UUID, uuid.UUID], Any]
LOST = timedelta(0)
MOVES: dict[str, Move] = {
    "claim": lambda job, token: DummyJob.objects.claim(job, "w"),
    "heartbeat": lambda job, token: DummyJob.objects.heartbeat(job, token, progress=5),
    "announce": lambda job, token: DummyJob.objects.announce(job, token, "x"),
    "finish": lambda job, token: DummyJob.objects.finish(job, token, result_summary={"rows": 1}),
    "fail": lambda job, token: DummyJob.objects.fail(job, token, "internal_error", ""),
    "cancelled": lambda job, token: DummyJob.objects.cancelled(job, token),
    "cancel_pending": lambda job, token: DummyJob.objects.cancel_pending(job),
    "request_cancel": lambda job, token: DummyJob.objects.request_cancel(job),
    "release": lambda job, token: DummyJob.objects.lost(LOST).release(job, token, 3),
    "expire": lambda job, token: DummyJob.objects.expire(job),
    "offered": lambda job, token: DummyJob.objects.offered(job),
    "cleaned": lambda job, token: DummyJob.objects.cleaned(job),
    "stranger finishes": lambda job, token: DummyJob.objects.finish(job, uuid.uuid4()),
    "stranger fails": lambda job, token: DummyJob.objects.fail(job, uuid.uuid4(), "internal_error", ""),
    "stranger cancels": lambda job, token: DummyJob.objects.cancelled(job, uuid.uuid4()),
    "stranger announces": lambda job, token: DummyJob.objects.announce(job, uuid.uuid4(), "x"),
    "stranger beats": lambda job, token: DummyJob.objects.heartbeat(job, uuid.uuid4()),
}


BEGINS = {
    "claim": "PENDING",
    "cancel_pending": "PENDING",
    "offered": "PENDING",
    **dict.fromkeys(("cancelled", "stranger cancels"), "CANCELLING"),
    "expire": "COMPLETED",
    "cleaned": "FAILED",
}
"""The status from which a move may be made; RUNNING for those that are not here."""
BEGINS_ALSO = {"heartbeat": ["CANCELLING"], "cleaned": ["CANCELLED"]}


def _before(name: str, token: uuid.UUID) -> dict[str, Any]:
    """The columns of a job that ``name`` may move, none of them as any move leaves it."""
    return _in(BEGINS.get(name, "RUNNING"), token)


def _in(status: str, token: uuid.UUID) -> dict[str, Any]:
    then = timezone.now() - MINUTE
    return {
        "status": status,
        "claim_token": token,
        "heartbeat_at": then,
        "completed_at": then if status in FINISHED else None,
        "result_file": "old.csv" if status == "COMPLETED" else "",
        "expires_at": then,
        "started_at": then,
        "enqueued_at": then,
        "updated_at": then,
        "attempt": 2,
        "progress": 50,
        "worker": "old",
        "message": "Before.",
        "error_code": "old",
        "publishing_as": "old.csv",
        "options": {"webhook": "https://example.org/hook"},
    }


NOW, NEW = "the time of the move", "a new token"
_ENDED = {"updated_at": NOW, "completed_at": NOW}
WRITTEN: dict[str, dict[str, Any]] = {
    "claim": {
        "status": "RUNNING",
        "claim_token": NEW,
        "attempt": 3,
        "worker": "w",
        "progress": 0,
        "message": "The job is running.",
        **dict.fromkeys(("started_at", "heartbeat_at", "updated_at"), NOW),
    },
    "heartbeat": {"heartbeat_at": NOW, "updated_at": NOW, "progress": 5},
    "announce": {"publishing_as": "x"},
    "finish": {
        **_ENDED,
        "status": "COMPLETED",
        "progress": 100,
        "error_code": "",
        "publishing_as": "",
        "result_summary": {"rows": 1},
    },
    "fail": {**_ENDED, "status": "FAILED", "error_code": "internal_error", "message": ""},
    "cancelled": {**_ENDED, "status": "CANCELLED", "message": "The job was cancelled."},
    "cancel_pending": {
        **_ENDED,
        "status": "CANCELLED",
        "cancel_requested_at": NOW,
        "message": "The job was cancelled before it began.",
    },
    "request_cancel": {
        "status": "CANCELLING",
        "cancel_requested_at": NOW,
        "updated_at": NOW,
        "message": "The job is being cancelled.",
    },
    "release": {
        "status": "PENDING",
        "claim_token": None,
        "heartbeat_at": None,
        "worker": "",
        "progress": 0,
        "publishing_as": "",
        "enqueued_at": NOW,
        "updated_at": NOW,
        "message": "The worker was lost; the job will be tried again.",
    },
    "expire": {
        "status": "EXPIRED",
        "result_file": "",
        "updated_at": NOW,
        "message": "The result has expired and its file was deleted.",
    },
    "offered": {"enqueued_at": NOW},
    "cleaned": {"publishing_as": ""},
}


def test_what_every_move_writes_is_here() -> None:
    assert WRITTEN.keys() == {name for name in MOVES if not name.startswith("stranger")}


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_what_a_move_writes(submit: Submit, name: str) -> None:
    job, token, start = submit(), uuid.uuid4(), timezone.now()
    DummyJob.objects.update(**_before(name, token))
    before = DummyJob.objects.filter(pk=job.pk).values().get()
    assert MOVES[name](job.pk, token)
    after = DummyJob.objects.filter(pk=job.pk).values().get()
    written = {column: value for column, value in after.items() if value != before[column]}
    for column, value in written.items():
        if isinstance(value, datetime) and value >= start:
            written[column] = NOW
        elif isinstance(value, uuid.UUID):
            written[column] = NEW
    assert written == WRITTEN[name]
    messages = [json.loads(each.payload)["type"] for each in WebhookDelivery.objects.filter(job_id=job.pk)]
    assert messages == ([f"job.{after['status'].lower()}"] if "completed_at" in written else [])


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_a_move_begins_where_it_may(submit: Submit, name: str) -> None:
    """Also under the token of the claim, which stays on the row."""
    job, token = submit(), uuid.uuid4()
    may = [BEGINS.get(name, "RUNNING"), *BEGINS_ALSO.get(name, [])]
    for status in Status.values:
        DummyJob.objects.update(**_in(status, token))
        before = DummyJob.objects.filter(pk=job.pk).values().get()
        assert bool(MOVES[name](job.pk, token)) == (status in may), status
        assert (DummyJob.objects.filter(pk=job.pk).values().get() != before) == (status in may), status


def test_a_job_is_not_tried_more_often_than_allowed(submit: Submit) -> None:
    job, token = submit(), uuid.uuid4()
    DummyJob.objects.update(**_before("release", token))
    assert not DummyJob.objects.release(job.pk, token, 2)
    assert not DummyJob.objects.release(job.pk, uuid.uuid4(), 3)
    assert DummyJob.objects.release(job.pk, token, 3)


@pytest.mark.parametrize("status", Status.values)
def test_what_the_sweep_asks_for(submit: Submit, status: str) -> None:
    """Of two jobs, one of which has waited a second longer than it may."""
    old, young = submit(), submit()
    for job, age in ((old, 61), (young, 59)):
        then = timezone.now() - timedelta(seconds=age)
        DummyJob.objects.filter(pk=job.pk).update(
            status=status,
            claim_token=uuid.uuid4() if status in CLAIMED else None,
            completed_at=then if status in FINISHED else None,
            heartbeat_at=then,
            enqueued_at=then,
            expires_at=then + MINUTE,
        )
    jobs = DummyJob.objects.all()
    for asked, of in (
        (jobs.lost(MINUTE), [Status.RUNNING, Status.CANCELLING]),
        (jobs.forgotten(MINUTE), [Status.PENDING]),
        (jobs.expired(), [Status.COMPLETED]),
    ):
        assert [job.pk for job in asked] == ([old.pk] if status in of else [])
    assert not jobs.expire(young.pk)
    assert jobs.expire(old.pk) == (status == Status.COMPLETED)


@pytest.mark.parametrize("status", Status.values)
def test_times_of_the_future_are_taken_as_now(submit: Submit, status: str) -> None:
    """Of two jobs, of which the clock that wrote one was a minute ahead."""
    ahead, past, token = submit(), submit(), uuid.uuid4()
    column = "heartbeat_at" if status in CLAIMED else "enqueued_at" if status == Status.PENDING else None
    start = timezone.now()
    for job, then in ((ahead, start + MINUTE), (past, start - MINUTE)):
        DummyJob.objects.filter(pk=job.pk).update(**{**_in(status, token), "heartbeat_at": then, "enqueued_at": then})
    rows = DummyJob.objects.order_by("enqueued_at").values()  # first the one of the past, which stays so
    before: list[dict[str, Any]] = [{**row} for row in rows.all()]
    assert DummyJob.objects.settle_times() == (1 if column else 0)
    after: list[dict[str, Any]] = [{**row} for row in rows.all()]
    assert after[0] == before[0]
    changed = {name: value for name, value in after[1].items() if value != before[1][name]}
    assert list(changed) == ([column] if column else [])
    assert all(start <= value <= timezone.now() for value in changed.values())


def test_a_job_that_is_done_before_it_is_asked_for(submit: Submit) -> None:
    start = timezone.now()
    like = submit()
    job = DummyJob(
        county=like.county, flavour="plain", submitted_by=like.submitted_by, options={"webhook": "https://a"}
    )
    DummyJob.objects.complete_at_once(job, result_file="there.csv", message="It was there.")
    there = DummyJob.objects.get(pk=job.pk)
    assert (there.status, there.progress, there.result_file) == (Status.COMPLETED, 100, "there.csv")
    assert there.message == "It was there."
    assert there.completed_at is not None
    assert job.completed_at == there.completed_at >= start  # a time, no longer an expression
    assert [json.loads(each.payload)["type"] for each in WebhookDelivery.objects.filter(job_id=job.pk)] == [
        "job.completed"
    ]
    with pytest.raises(IntegrityError), transaction.atomic():
        DummyJob.objects.complete_at_once(job)


@pytest.mark.parametrize("name", sorted(MOVES))
def test_a_move_is_of_one_job(submit: Submit, name: str) -> None:
    """Another job in the same state, even under the same claim, stays as it is."""
    token = uuid.uuid4()
    meant, other = submit(), submit()
    DummyJob.objects.update(**_before(name, token))
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
    assert not DummyJob.objects.leftovers().exists()  # what is gone is not looked for again


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
