"""The page on backups, followed to the letter."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from django.db import connection

from terrafusion.records.models import County
from tests.conftest import ROOT

_MAKE = """set -eu
make() { case "$*" in "-s database") echo "$URL_OF_THE_TEST" ;; *) ;; esac; }
"""
"""The rest of the platform is not what is tried."""


def blocks() -> list[str]:
    page = (ROOT / "docs" / "operator" / "backup-and-upgrade.md").read_text()
    found = re.findall(r"^```\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert ["pg_dump" in found[0], "pg_restore" in found[1], "RENAME" in found[2]] == [True] * 3
    return found[:3]


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
    try:
        # Of the tests' database, to which they are connected, a copy; then all of it, of the copy.
        follow([dump, restore], tmp_path, url_of(own), restored=copy)
        with psycopg.connect(url_of(copy)) as found:
            found.execute("UPDATE records_county SET name = 'As it was backed up'")
        follow([dump], tmp_path, url_of(copy))
        with psycopg.connect(url_of(copy)) as found:
            found.execute("UPDATE records_county SET name = 'Spoiled'")
        follow([restore, exchange], tmp_path, url_of(copy), restored=restored, before=before, terrafusion=copy)
        for name, county_name in ((copy, "As it was backed up"), (before, "Spoiled")):
            with psycopg.connect(url_of(name)) as found:
                assert found.execute("SELECT id, name FROM records_county").fetchall() == [(county.pk, county_name)]
    finally:
        with connection.cursor() as cursor:
            for name in (copy, restored, before):
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
