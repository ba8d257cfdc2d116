"""One migrated database for all processes of a test run, which each copy it: that takes a second, not half a minute.

It is kept for later runs, until a migration or a requirement changes.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.db import connection

_ROOT = Path(__file__).resolve().parent.parent
_NAME = "terrafusion_migrated_"


def migrated() -> str:
    """The name of the database, which the first process that asks makes while the others wait."""
    name = _NAME + _fingerprint()
    with connection._nodb_cursor() as cursor:  # as Django's own test databases are made
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [_NAME])
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [_NAME])
        there = {row[0] for row in cursor}
        if name not in there:
            for stale in there:
                cursor.execute(f'DROP DATABASE IF EXISTS "{stale}" WITH (FORCE)')
            _make(cursor, name)
        cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [_NAME])
    return name


def _fingerprint() -> str:
    """Of what the tables come from."""
    folders = (folder for folder in _ROOT.iterdir() if folder.name not in (".git", ".venv", "build"))
    migrations = (path for folder in folders for path in folder.glob("**/migrations/*.py"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(migrations)))
    digest.update((_ROOT / "requirements.lock").read_bytes())
    return digest.hexdigest()[:12]


def _make(cursor: Any, name: str) -> None:
    """Under another name until it is whole."""
    making = f"{name}_making"
    cursor.execute(f'CREATE DATABASE "{making}"')
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "TEST_DATABASE": making}
    command = [sys.executable, str(_ROOT / "manage.py"), "migrate", "--verbosity", "0"]
    subprocess.run(command, env=environment, cwd=_ROOT, check=True)
    cursor.execute(f'ALTER DATABASE "{making}" RENAME TO "{name}"')
