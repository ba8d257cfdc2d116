"""Files that no row names are found, and deleted when that is asked for; all others stay."""

from __future__ import annotations

import os
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command

from reporting.models import ParcelPhoto
from terrafusion.jobs.publish import workdir_root
from terrafusion.jobs.unknown_files import unknown
from terrafusion.records.models import County, PropertyOperational
from tests.dummy_plugin.models import DummyJob
from tests.jobs.conftest import Submit, claim

TWO_DAYS = 2 * 24 * 3600


@pytest.fixture
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


def test_what_a_restored_database_does_not_know(media: Path, run: Submit, submit: Submit, county: County) -> None:
    assert list(unknown()) == []
    job, later, working = run(), run(), submit()
    parcel = PropertyOperational.objects.create(county=county, parcel_number="1")
    photo = ParcelPhoto(county=county, property=parcel, taken_on="2024-01-01")
    photo.file.save("front.jpg", ContentFile(b"jpg"))
    token = claim(working)
    assert DummyJob.objects.announce(working.pk, token, "dummy_output/on its way.txt")
    default_storage.save("dummy_output/on its way.txt", ContentFile(b"x"))
    folder = workdir_root() / str(token)
    folder.mkdir(parents=True)
    (folder / "out.txt").write_text("x")
    DummyJob.objects.filter(pk=later.pk).delete()  # as in a backup from before it
    for path in media.rglob("*"):
        os.utime(path, (time.time() - TWO_DAYS,) * 2)
    default_storage.save("dummy_output/new.txt", ContentFile(b"x"))

    assert list(unknown()) == [later.result_file]
    printed = StringIO()
    call_command("unknown_files", stdout=printed)
    assert printed.getvalue() == f"{later.result_file}\n1 file that no row names found.\n"
    assert default_storage.exists(later.result_file)
    call_command("unknown_files", "--delete", stdout=printed)
    assert printed.getvalue().endswith("1 file that no row names deleted.\n")
    assert not default_storage.exists(later.result_file)
    assert list(unknown()) == []
    for name in (job.result_file, str(photo.file.name), "dummy_output/on its way.txt", "dummy_output/new.txt"):
        assert default_storage.exists(name)
    assert (folder / "out.txt").exists()
