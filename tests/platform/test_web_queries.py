"""Queries of web requests end after a time; those of workers and commands do not."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
from django.db import connection, transaction

from terrafusion import web_queries
from tests.conftest import ROOT

_ASK = """
import os
{setup}
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("SHOW statement_timeout")
    printed = [cursor.fetchone()[0]]
    cursor.execute("SET statement_timeout = 5")
    cursor.execute("SET statement_timeout = DEFAULT")
    cursor.execute("SHOW statement_timeout")
    print(*printed, *cursor.fetchone())
"""


@pytest.mark.parametrize(
    ("setup", "seconds", "printed"),
    [
        ("import terrafusion.wsgi", "7", "7s 7s"),
        ("import terrafusion.wsgi", "0", "0 0"),
        ("import django; django.setup()", "7", "0 0"),
    ],
)
def test_the_limit_is_of_the_web_process_only(setup: str, seconds: str, printed: str) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "terrafusion.settings",
        "SECRET_KEY": "x" * 50,
        "WEB_STATEMENT_TIMEOUT": seconds,
    }
    code = _ASK.format(setup=setup)
    asked = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert asked.stdout.strip() == printed, asked.stderr


def test_other_options_of_the_connection_stay() -> None:
    database: dict[str, Any] = {"OPTIONS": {"options": "-c work_mem=8MB"}}
    web_queries.limit(database, 3)
    assert database == {"OPTIONS": {"options": "-c work_mem=8MB -c statement_timeout=3000"}}


@pytest.mark.django_db(transaction=True)
def test_what_is_known_to_be_long_may_take_longer_in_its_transaction() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        before = cursor.fetchone()[0]
        with transaction.atomic():
            web_queries.allow(cursor, 600)
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone()[0] == "10min"
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone()[0] == before
