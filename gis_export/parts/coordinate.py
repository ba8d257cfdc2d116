"""The worker that has the job: cuts it, has the parts written, writes some itself, and puts them together."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from math import ceil

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from gis_export import client
from gis_export.errors import (
    CrsUnsuitable,
    ExportOutdated,
    FormatLimitExceeded,
    PartFailed,
    PersonalDataRefused,
    ReconciliationFailed,
    SnapshotLost,
)
from gis_export.models import ExportPart
from gis_export.parts import assemble, cut
from gis_export.parts.cut import Cut, Snapshot
from gis_export.prepare import Prepared, database
from terrafusion.jobs import dispatch, runner
from terrafusion.jobs.context import JobContext, Outcome
from terrafusion.jobs.errors import NotCancellable
from terrafusion.jobs.registry import type_of
from terrafusion.jobs.states import ACTIVE, Status
from terrafusion.words import counted

_TRIES = 3
"""Of a part that fails; that its worker is lost is the lifecycle's to see to, and no failure until it gives up."""
_HOPELESS = {
    kind.code
    for kind in (
        CrsUnsuitable,
        FormatLimitExceeded,
        PersonalDataRefused,
        ReconciliationFailed,
        ExportOutdated,
        SnapshotLost,
    )
}
_LOOK_SECONDS = 0.5
_PARTS_DONE = 90  # percent of the progress
_KEPT_SECONDS = 86_400  # what a coordinator that dies leaves in storage is deleted then


def may_be_worth_it(prepared: Prepared) -> bool:
    """By the estimate at submit; the rows are counted before it is done. Simplified outlines that fit together do so
    within one file only."""
    return (
        prepared.wanted.file_format.in_parts != ""
        and prepared.job.estimated_records > settings.EXPORT_PARTS_ABOVE / 2
        and all(selection.tolerance is None for selection in prepared.selections)
    )


def export(prepared: Prepared, context: JobContext) -> Outcome | None:
    """The job's outcome, by parts; None where no layer has so many rows."""
    with cut.snapshot(database()) as held:
        with context.stop_with(held.cancel):
            rows = {selection.layer.name: cut.count(selection, held) for selection in prepared.selections}
            if max(rows.values()) <= settings.EXPORT_PARTS_ABOVE:
                return None
            sizes = {name: max(ceil(number / settings.EXPORT_PART_RECORDS), 1) for name, number in rows.items()}
            pieces = [
                piece
                for selection in prepared.selections
                for piece in cut.cuts(selection, held, sizes[selection.layer.name])
            ]
        context.checkpoint(0, f"Writing {counted(len(pieces), 'part')}.")
        parts = [
            _part(prepared, held, number, piece, rows[piece.layer] // sizes[piece.layer])
            for number, piece in enumerate(pieces)
        ]
        with _ended_parts(prepared, context):
            done = _written(prepared, parts, context)
            held.row("SELECT 1")  # raises where the snapshot did not hold until the last part was read
            _complete(prepared, done, rows)
            context.checkpoint(_PARTS_DONE, f"Putting {counted(len(done), 'part')} together.")
            result = assemble.assemble(prepared, done, held.taken_at, context)
    return prepared.outcome(result)


def _complete(prepared: Prepared, parts: list[ExportPart], rows: dict[str, int]) -> None:
    """Raises ReconciliationFailed where the parts of a layer have not all of its rows. How many a clip leaves empty
    only the parts know."""
    written: Counter[str] = Counter()
    for part in parts:
        written[part.layer] += part.record_count or 0
    for selection in prepared.selections:
        name = selection.layer.name
        if selection.operation != "clip" and written[name] != rows[name]:
            raise ReconciliationFailed(
                f"Layer {name}: its parts have {written[name]:,} of {counted(rows[name], 'record')}."
            )


def _token(prepared: Prepared) -> uuid.UUID:
    """Of this attempt at the job."""
    assert prepared.job.claim_token is not None  # noqa: S101 - it is running
    return prepared.job.claim_token


def _part(prepared: Prepared, held: Snapshot, number: int, piece: Cut, expected: int) -> ExportPart:
    job = prepared.job
    return ExportPart(
        parent=job,
        parent_token=_token(prepared),
        county=job.county,
        export_format=job.export_format,
        layer=piece.layer,
        number=number,
        first_key=piece.first,
        before_key=piece.before,
        expected_records=expected,
        snapshot=held.id,
        personal=prepared.personal,
        effective_inputs=prepared.effective_inputs,
        options={"expires_in": _KEPT_SECONDS},
        origin=job.origin,
    )


def _queue(part: ExportPart) -> None:
    part.save(force_insert=True)
    dispatch.enqueue(part)


def _try_again(part: ExportPart) -> None:
    again = ExportPart(
        **{
            field.attname: getattr(part, field.attname)
            for field in ExportPart._meta.concrete_fields
            if field.name not in dispatch.LIFECYCLE and field.name not in ExportPart.result_columns
        },
        county_id=part.county_id,
        options=part.options,
        origin=part.origin,
    )
    _queue(again)


def _written(prepared: Prepared, parts: list[ExportPart], context: JobContext) -> list[ExportPart]:
    """Have the (unsaved) parts written, and write what nobody has begun; the parts in their order.

    No more of them wait in the queue than there are workers here, so that other jobs wait for those few only.
    Raises PartFailed for a part that failed for good, and the context's interruption.
    """
    client.writer()  # started by this thread, with which it would end
    failures: Counter[int] = Counter()
    retried: set[object] = set()
    own = ExportPart.objects.filter(parent_token=_token(prepared))
    coming = iter(parts)

    def fill_up(waiting: int) -> None:
        for part in islice(coming, max(settings.LONG_WORKERS - waiting, 0)):
            _queue(part)

    fill_up(0)
    with _helper(own) as failure:
        while True:
            context.checkpoint()
            newest = {part.number: part for part in own.order_by("created_at").defer("result_summary")}
            fill_up(sum(part.status == Status.PENDING for part in newest.values()))
            for part in newest.values():
                if part.status not in (Status.FAILED, Status.CANCELLED) or part.pk in retried:
                    continue
                failures[part.number] += 1
                if part.error_code in _HOPELESS or failures[part.number] >= _TRIES:
                    raise PartFailed(f"Part {part.number + 1} of {len(parts)} failed: {part.message}")
                retried.add(part.pk)
                _try_again(part)
            finished = [part for part in newest.values() if part.status == Status.COMPLETED]
            if len(finished) == len(parts):
                return list(own.filter(pk__in=[part.pk for part in finished]).order_by("number"))
            share = sum(part.progress for part in newest.values()) / (100 * len(parts))
            context.checkpoint(share * _PARTS_DONE, f"{len(finished):,} of {counted(len(parts), 'part')} written.")
            if failure:
                raise failure[0]
            time.sleep(_LOOK_SECONDS)


@contextmanager
def _helper(parts: QuerySet[ExportPart]) -> Iterator[list[BaseException]]:
    """Meanwhile another thread writes parts that nobody has begun, one after the other; what it raises is yielded."""
    stop = threading.Event()
    failure: list[BaseException] = []

    def help_out() -> None:
        try:
            while not stop.is_set():
                part = parts.filter(status=Status.PENDING).order_by("-number").first()  # workers begin at the other end
                if part is None:
                    stop.wait(_LOOK_SECONDS)
                else:
                    runner.run(type_of(part).label, str(part.pk))
        except BaseException as error:  # for the thread that waits
            failure.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=help_out, name="parts", daemon=True)
    thread.start()
    try:
        yield failure
    finally:
        stop.set()
        _cancel(parts)  # where some are left, they are for nothing
        thread.join()


@contextmanager
def _ended_parts(prepared: Prepared, context: JobContext) -> Iterator[None]:
    """No part of an earlier attempt goes on; and when the block ends, none of this one: their files are deleted."""
    _end(prepared, earlier=True)
    try:
        own = ExportPart.objects.filter(parent_token=_token(prepared))
        with context.stop_with(lambda: _cancel(own)):
            yield
    finally:
        _end(prepared, earlier=False)


def _end(prepared: Prepared, *, earlier: bool) -> None:
    parts = ExportPart.objects.filter(parent=prepared.job)
    # Who has lost the claim has no business with the parts of who has it now.
    ours = Q(parent_token=_token(prepared))
    parts = parts.exclude(ours) if earlier else parts.filter(ours)
    _cancel(parts)
    parts.filter(status=Status.COMPLETED).update(expires_at=Now())  # the sweep deletes the file


def _cancel(parts: QuerySet[ExportPart]) -> None:
    for part in parts.filter(status__in=ACTIVE):
        with suppress(NotCancellable):
            dispatch.cancel(part)
