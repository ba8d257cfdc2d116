"""The page on backups, followed to the letter."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.db import connection

from terrafusion.accounts import tokens
from terrafusion.records.models import County
from tests.conftest import ROOT, wait_until
from tests.gis_export import data
from tests.platform.processes import Platform

_MAKE = """set -eu
make() { case "$*" in "-s database") echo "$URL_OF_THE_TEST" ;; *) ;; esac; }
"""
"""The rest of the platform is not what is tried."""


def blocks() -> list[str]:
    page = (ROOT / "docs" / "operator" / "backup-and-upgrade.md").read_text()
    fenced = re.findall(r"^```\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert ["pg_dump" in fenced[0], "pg_restore" in fenced[1], "RENAME" in fenced[2]] == [True] * 3
    return fenced[:3]


def follow(steps: list[str], folder: Path, url: str, **names: str) -> None:
    """In ``names``, what the databases are called here instead."""
    script = "".join(steps)
    for name, here in names.items():
        script = re.sub(rf"(?<=DATABASE ){name}\b|(?<= TO ){name}\b|(?<=/){name}(?=\\1)", here, script)
    done = subprocess.run(
        ["bash", "-c", _MAKE + script],
        cwd=folder, env={"PATH": os.environ["PATH"], "URL_OF_THE_TEST": f"postgis:{url.partition(':')[2]}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{script}\n{done.stderr}"


def url_of(name: str) -> str:
    given = connection.settings_dict
    secret = f":{quote(given['PASSWORD'])}" if given["PASSWORD"] else ""
    socket = given["HOST"] if given["HOST"].startswith("/") else ""
    host, port = "" if socket else given["HOST"], f":{given['PORT']}" if given["PORT"] else ""
    return f"postgresql://{given['USER']}{secret}@{host}{port}/{name}" + (f"?host={quote(socket)}" if socket else "")


@pytest.mark.django_db(transaction=True)
def test_a_backup_is_restored_and_takes_its_place(county: County, tmp_path: Path) -> None:
    own = connection.settings_dict["NAME"]
    copy, restored, before = (f"{name}_{own}" for name in ("copy", "restored", "before"))
    dump, restore, exchange = blocks()
    (tmp_path / "build" / "media").mkdir(parents=True)
    try:
        # Of the tests' database, to which they are connected, a copy; then all of it, of the copy.
        follow([dump, restore], tmp_path, url_of(own), restored=copy)
        with psycopg.connect(url_of(copy)) as database:
            database.execute("UPDATE records_county SET name = 'As it was backed up'")
        follow([dump], tmp_path, url_of(copy))
        with psycopg.connect(url_of(copy)) as database:
            database.execute("UPDATE records_county SET name = 'Spoiled'")
        follow([restore, exchange], tmp_path, url_of(copy), restored=restored, before=before, terrafusion=copy)
        for name, county_name in ((copy, "As it was backed up"), (before, "Spoiled")):
            with psycopg.connect(url_of(name)) as database:
                assert database.execute("SELECT id, name FROM records_county").fetchall() == [(county.pk, county_name)]
    finally:
        with connection.cursor() as cursor:
            for name in (copy, restored, before):
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')


class Restored(Platform):
    """The platform with the settings of production, on the database and the media of the backup."""

    def __init__(self, folder: Path, database: str, token: str) -> None:
        self._token = token
        super().__init__(
            folder,
            DJANGO_SETTINGS_MODULE="terrafusion.settings",
            DATABASE_URL=f"postgis:{url_of(database).partition(':')[2]}",
            MEDIA_ROOT=str(folder / "build" / "media"),
            PROMETHEUS_MULTIPROC_DIR=str(folder / "metrics"),
        )

    def answer(self, path: str, body: Any = None) -> bytes:
        answer = self.send(path, body, Authorization=f"Token {self._token}")
        content: bytes = answer.read()
        assert answer.status < 300, content
        return content

    def file_of(self, job: str) -> bytes:
        def ended() -> bool:
            status = json.loads(self.answer(f"/api/v1/gis-export/status/{job}"))["status"]
            assert status != "FAILED"
            return bool(status == "COMPLETED")

        wait_until(ended, 120)
        return self.answer(f"/api/v1/gis-export/jobs/{job}/download")


def features(file: bytes) -> list[Any]:
    return sorted(json.dumps(feature, sort_keys=True) for feature in json.loads(file)["features"])


@pytest.mark.django_db(transaction=True)
def test_exports_before_and_after_are_identical(county: County, analyst: Any, tmp_path: Path) -> None:
    """Files that there were byte for byte, and what is exported anew from the restored records row for row."""
    data.load(county)
    _, token = tokens.make(analyst)
    own = connection.settings_dict["NAME"]
    copy, restored, before = (f"{name}_{own}" for name in ("copy", "restored", "before"))
    media = tmp_path / "build" / "media"
    media.mkdir(parents=True)
    dump, restore, exchange = blocks()
    body = {"county_id": county.pk, "export_format": "GeoJSON", "layers": ["parcels"]}
    try:
        follow([dump, restore], tmp_path, url_of(own), restored=copy)
        platform = Restored(tmp_path, copy, token)
        try:
            job = json.loads(platform.answer("/api/v1/gis-export/run", body))["job_id"]
            made = platform.file_of(job)
        finally:
            platform.stop()
        assert len(features(made)) > 5
        follow([dump], tmp_path, url_of(copy))
        with psycopg.connect(url_of(copy)) as spoiled:  # all of it is gone
            spoiled.execute("SET session_replication_role = replica")
            for table in ("gis_export_gisexportjob", "records_propertyoperational"):
                spoiled.execute(f"DELETE FROM {table}")
        shutil.rmtree(media)

        follow([restore, exchange], tmp_path, url_of(copy), restored=restored, before=before, terrafusion=copy)
        platform = Restored(tmp_path, copy, token)
        try:
            assert platform.file_of(job) == made
            again = json.loads(platform.answer(f"/api/v1/gis-export/jobs/{job}/rerun", {}))["job_id"]
            assert features(platform.file_of(again)) == features(made)
        finally:
            platform.stop()
    finally:
        with connection.cursor() as cursor:
            for name in (copy, restored, before):
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
