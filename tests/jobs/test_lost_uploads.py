"""On a storage that is no local filesystem: an attempt that was given up during its upload, wakes up, and finds that
another has completed the job."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from django.core.files.storage import InMemoryStorage, Storage, storages
from django.db import OperationalError
from storages.backends.s3 import S3Storage

from terrafusion.jobs import dispatch, publish, runner
from terrafusion.jobs.states import Status
from terrafusion.records.models import County
from tests.conftest import wait_for_job
from tests.dummy_plugin.models import DummyJob
from tests.jobs.conftest import Submit

LABEL = "dummy.DummyJob"


class Stopped(Storage):
    """Its next upload stops once the storage has chosen a name, and goes on after ``meanwhile``."""

    meanwhile: ClassVar[Callable[[], None] | None] = None

    def _save(self, name: str, content: Any) -> str:
        meanwhile, type(self).meanwhile = type(self).meanwhile, None
        if meanwhile is not None:
            meanwhile()
        saved: str = super()._save(name, content)  # type: ignore[misc]
        return saved


class StoppedBucket(Stopped, InMemoryStorage):
    pass


class StoppedS3(Stopped, S3Storage):  # type: ignore[misc]  # the library is not followed by mypy
    pass


def check_a_lost_upload(storage: type[Stopped], county: County, user: Any) -> DummyJob:
    """Returns the job, of whose file it is sure that it is the second attempt's."""
    job, _ = dispatch.submit(DummyJob(county=county, flavour="plain", submitted_by=user), fresh=True)

    def another_completes_it() -> None:
        first = DummyJob.objects.get(pk=job.pk)
        assert publish.discard(first.publishing_as)  # as the sweep does: there is nothing yet
        assert DummyJob.objects.release(job.pk, first.claim_token, 3)
        DummyJob.objects.filter(pk=job.pk).update(resolved={"lines": 7})
        runner.run(LABEL, str(job.pk))

    storage.meanwhile = another_completes_it
    runner.run(LABEL, str(job.pk))
    ended: DummyJob = wait_for_job(job)
    assert (ended.status, ended.attempt, ended.result_summary) == (Status.COMPLETED, 2, {"lines": 7})
    with storages["default"].open(ended.result_file) as file:
        assert hashlib.sha256(file.read()).hexdigest() == ended.result_file_sha256
    return ended


def names(folder: str = "") -> list[str]:
    folders, files = storages["default"].listdir(folder)
    below = [name for inner in folders for name in names(f"{folder}{inner}/")]
    return [*(f"{folder}{name}" for name in files), *below]


@pytest.fixture
def bucket(transactional_db: None, settings: Any) -> None:
    backend = {"BACKEND": "tests.jobs.test_lost_uploads.StoppedBucket"}
    settings.STORAGES = {**settings.STORAGES, "default": backend}


def test_it_overwrites_nothing_and_leaves_nothing(bucket: None, county: County, analyst: Any) -> None:
    job = check_a_lost_upload(StoppedBucket, county, analyst)
    assert names() == [job.result_file]
    assert job.result_file == f"dummy_output/{county.pk}/{job.claim_token}/{job.pk}.txt"


def test_a_cancel_during_the_upload_leaves_nothing(bucket: None, submit: Submit) -> None:
    job = submit()

    def cancel() -> None:
        dispatch.cancel(job)

    StoppedBucket.meanwhile = cancel
    runner.run(LABEL, str(job.pk))
    assert wait_for_job(job).status == Status.CANCELLED
    assert names() == []


def test_an_upload_is_not_repeated_when_the_database_goes_away_after_it(
    bucket: None, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads = []
    save = StoppedBucket._save

    def counted(self: Any, name: str, content: Any) -> str:
        uploads.append(name)
        return save(self, name, content)

    monkeypatch.setattr(StoppedBucket, "_save", counted)
    finish = DummyJob.objects.all().finish
    answers = iter([OperationalError("server closed the connection")])

    def away(self: Any, *given: Any, **columns: Any) -> bool:
        for error in answers:
            raise error
        return bool(finish(*given, **columns))

    monkeypatch.setattr(type(DummyJob.objects.all()), "finish", away)
    job = submit()
    runner.run(LABEL, str(job.pk))
    assert wait_for_job(job).status == Status.COMPLETED
    assert len(uploads) == 1
    assert names() == [job.result_file]


def test_a_storage_that_keeps_a_part_only_fails_the_job(
    bucket: None, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StoppedBucket, "size", lambda self, name: 5)
    job = submit()
    runner.run(LABEL, str(job.pk))
    ended = wait_for_job(job)
    assert (ended.status, ended.error_code) == (Status.FAILED, "storage_unavailable")
    assert names() == []
