"""Giving a result file its final name, in the same transaction that says COMPLETED.

A reader of media storage sees the whole file or none. On a local filesystem the last step is a rename, under the row's
lock. Elsewhere it is the row itself: the upload, which takes long and cannot be done under a lock, has a name that no
other attempt has, and the row that names it is what publishes it. So an attempt that was given up, and wakes up after
another has completed the job, overwrites nothing; it deletes what it wrote.

Before a name can appear it is noted on the row (``publishing_as``), so that a worker that dies in between leaves
nothing that the sweep does not find.
"""

from __future__ import annotations

import errno
import logging
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Any

from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.db import transaction

from terrafusion.db_errors import DATABASE_AWAY
from terrafusion.jobs import personal_data
from terrafusion.jobs.context import JobContext, Outcome, ResultFile
from terrafusion.jobs.errors import ClaimLost, JobError, StorageFull, StorageUnavailable
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.states import Status

log = logging.getLogger(__name__)


def media() -> Storage:
    return storages["default"]


def is_local() -> bool:
    """Whether results are files of this machine's MEDIA_ROOT."""
    return isinstance(media(), FileSystemStorage)


def workdir_root() -> Path:
    """Where workdirs lie: a hidden folder of local media, so that publishing is a rename; else the system's own."""
    storage = media()
    if isinstance(storage, FileSystemStorage):
        return Path(storage.location) / ".work"
    return Path(tempfile.gettempdir()) / "terrafusion-work"


def make_folder(folder: Path) -> None:
    """Make a folder of the storage; StorageFull or StorageUnavailable when it does not let us."""
    with storage_errors():
        folder.mkdir(parents=True, exist_ok=True)


def publish(job: AbstractJob, context: JobContext, outcome: Outcome, columns: dict[str, Any]) -> None:
    """RUNNING -> COMPLETED with the file in place; ClaimLost or the context's interruption when it is not ours to do.

    May be called again after a database error: a file that has its final name already is not moved or uploaded twice.
    """
    name = stored_name(outcome.file.name, job.claim_token) if outcome.file else ""
    try:
        _publish(job, context, outcome, columns, name)
    except DATABASE_AWAY:
        raise  # nobody knows whether the commit was heard; the caller asks again, else the sweep finds the name
    except BaseException:
        if name and not is_local():
            _abandon(job, name)
        raise


def stored_name(name: str, token: uuid.UUID | None) -> str:
    """What the file ``name`` of the attempt ``token`` is called in storage; its last part is what users see."""
    path = PurePosixPath(name)
    return name if is_local() else str(path.parent / str(token) / path.name)


def _publish(job: AbstractJob, context: JobContext, outcome: Outcome, columns: dict[str, Any], name: str) -> None:
    jobs, token = type(job).objects, job.claim_token
    if outcome.file:
        if not jobs.announce(job.pk, token, name):
            raise context.interruption or ClaimLost()
        if not is_local():
            _upload(outcome.file, name)
    with transaction.atomic():
        # 1. Lock the row under our token: no sweep and no cancel from here on.
        if not jobs.select_for_update().filter(pk=job.pk, claim_token=token, status=Status.RUNNING).exists():
            raise context.interruption or ClaimLost()
        # 2. The final name appears.
        if outcome.file and is_local():
            _rename(outcome.file)
        # 3. COMPLETED. Should the commit fail, the caller takes the file away again.
        file = {
            "result_file": name,
            "result_file_bytes": outcome.file.size if outcome.file else None,
            "result_file_sha256": outcome.file.sha256 if outcome.file else "",
            "result_members": [asdict(member) for member in outcome.file.members] if outcome.file else [],
        }
        if outcome.save:
            outcome.save()
        if not jobs.finish(job.pk, token, message=outcome.message, result_summary=outcome.summary, **file, **columns):
            raise ClaimLost()
        job.contains_personal_data = columns.get("contains_personal_data", job.contains_personal_data)
        personal_data.record_made(job)


def take_back(model: type[AbstractJob], job_id: uuid.UUID) -> None:
    """Delete what a job that failed or was cancelled may have put into storage.

    When the storage is away this is only logged: the name stays on the row, and the sweep comes again.
    """
    name = model.objects.leftovers().filter(pk=job_id).values_list("publishing_as", flat=True).first()
    if name is not None and discard(name):
        model.objects.cleaned(job_id)


def discard(name: str) -> bool:
    """Delete a file from storage; True when it is not there any more."""
    try:
        media().delete(name)
    except Exception:  # storages raise what their drivers raise
        log.exception("Could not delete %s from storage", name)
        return False
    return True


def _rename(file: ResultFile) -> None:
    target = Path(media().path(file.name))
    if target.exists() and not file.path.exists():
        return  # the rename was done before the database went away
    make_folder(target.parent)
    with storage_errors():
        file.path.replace(target)
        target.chmod(0o644)


def _upload(file: ResultFile, name: str) -> None:
    storage = media()
    with storage_errors():
        if storage.exists(name):
            if storage.size(name) == file.size:
                return  # the upload was done before the database went away
            storage.delete(name)
        with file.path.open("rb") as content:
            saved = storage.save(name, File(content))
        if saved != name:
            storage.delete(saved)
            raise StorageUnavailable(f"The storage has another file under the name {name}.")
        if storage.size(name) != file.size:
            raise StorageUnavailable("The storage did not take the whole result file.")


def _abandon(job: AbstractJob, name: str) -> None:
    """Delete the upload of this attempt, which nobody else has named, unless a commit was heard after all."""
    try:
        completed = type(job).objects.filter(pk=job.pk, result_file=name).exists()
    except DATABASE_AWAY:
        return  # the sweep finds the name on the row
    if not completed:
        discard(name)


@contextmanager
def storage_errors() -> Iterator[None]:
    """Whatever a storage raises, as one of two stable errors; its own words stay in the log."""
    try:
        yield
    except JobError:
        raise
    except Exception as error:  # storages raise what their drivers raise
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull("There is no space left for the result.") from error
        raise StorageUnavailable("The storage did not take the result file.") from error
