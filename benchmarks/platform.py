"""A database of generated parcels, and the real platform on it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from terrafusion.setup import processes
from terrafusion.setup.demo.client import Client
from terrafusion.setup.errors import SetupError

PROJECT = Path(__file__).resolve().parent.parent
RESULTS = PROJECT / "build" / "bench"
FOLDER = RESULTS / "work"
_DATABASE = "terrafusion_benchmark"
_START_SECONDS, _STOP_SECONDS = 60, 30


def use_benchmark_database(name: str = _DATABASE, *, fresh: bool = False) -> str:
    """Set up Django, for this process and those it starts, on a database of its own beside the one of DATABASE_URL.
    Returns the connection string of that one."""
    import django
    import environ

    url = os.environ["DATABASE_URL"]
    given = environ.Env.db_url_config(url)
    os.environ["DATABASE_URL"] = urlsplit(url)._replace(path=f"/{name}").geturl()
    os.environ.update(DJANGO_SETTINGS_MODULE="terrafusion.settings", MEDIA_ROOT=str(FOLDER / "media"))
    os.environ.update(
        PROMETHEUS_MULTIPROC_DIR=str(FOLDER / "metrics"), THROTTLE_USER="1000000/min", LOG_LEVEL="WARNING"
    )
    os.environ.setdefault("SECRET_KEY", "of-the-benchmark")
    FOLDER.mkdir(parents=True, exist_ok=True)
    django.setup()
    if fresh:
        drop_database(conninfo(given["NAME"]), name)
    with psycopg.connect(conninfo(given["NAME"]), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(f"CREATE DATABASE {name}")
    with psycopg.connect(conninfo(), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    manage("migrate", "--noinput", "--verbosity", "0")
    return conninfo(given["NAME"])


def drop_database(beside: str, name: str) -> None:
    """``beside`` connects to another database of the server."""
    with psycopg.connect(beside, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def conninfo(database: str = "") -> str:
    """libpq's connection string of a database on the server; without a name, of the benchmark's."""
    from django.db import connection

    parameters = connection.get_connection_params()
    known = ("host", "port", "user", "password")
    name = database or parameters["dbname"]
    return psycopg.conninfo.make_conninfo(dbname=name, **{n: parameters[n] for n in known if parameters.get(n)})


def county_of(rows: int) -> str:
    """The id of a county that has ``rows`` generated parcels."""
    county = f"BENCH{rows}"
    with psycopg.connect(conninfo(), autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM records_county WHERE id = %s", [county]).fetchone():
            return county
        print(f"Generating {rows:,} parcels...", flush=True)
        script = (PROJECT / "benchmarks" / "parcels.sql").read_text()
        connection.execute(script.replace(":'county'", f"'{county}'").replace(":rows", str(rows)))
        connection.execute("VACUUM ANALYZE records_propertyoperational")
        with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
            connection.execute("CHECKPOINT")  # or the server writes what is new while the first format is timed
    return county


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def manage(*arguments: str) -> None:
    subprocess.run([sys.executable, "manage.py", *arguments], cwd=PROJECT, check=True)


@contextlib.contextmanager
def running(*commands: list[str]) -> Iterator[None]:
    """The commands as background processes, each in a group of its own; all ended at the end."""
    shutil.rmtree(FOLDER / "metrics", ignore_errors=True)
    (FOLDER / "metrics").mkdir(parents=True)
    with (FOLDER / "processes.log").open("wb") as log:
        started = [
            subprocess.Popen(
                command,
                cwd=PROJECT,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=processes.die_with_parent,
            )
            for command in commands
        ]
        try:
            yield
        finally:
            for process in started:
                process.terminate()
            for process in started:
                try:
                    process.wait(_STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
            shutil.rmtree(FOLDER / "media", ignore_errors=True)


@contextlib.contextmanager
def site(*clusters: str) -> Iterator[Client]:
    """The web server and workers of `make serve`, and a client that is signed in as ``user()``."""
    password = os.urandom(12).hex()
    signed_in = user()
    signed_in.set_password(password)
    signed_in.save()
    manage("collectstatic", "--noinput", "--verbosity", "0")
    port = free_port()
    os.environ.update(PORT=str(port), WEB_HOST="127.0.0.1")
    web = [sys.executable, "-m", "gunicorn", "--config", "terrafusion/setup/gunicorn.py", "terrafusion.wsgi"]
    with running(web, *(supervisor(cluster) for cluster in clusters)):
        client = Client(f"http://127.0.0.1:{port}")
        _wait_for(client)
        client.log_in(signed_in.username, password)
        yield client


def _wait_for(client: Client) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            client.call("GET", "/healthz")
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def supervisor(cluster: str) -> list[str]:
    return [sys.executable, "manage.py", "supervise", "--cluster", cluster]


def user() -> Any:
    """Who submits: a superuser without a password."""
    from django.contrib.auth import get_user_model

    return get_user_model().objects.get_or_create(username="benchmark", defaults={"is_superuser": True})[0]


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder for a peer's files, beside ours, so that both write to the same disk."""
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        yield Path(folder)


def save(name: str, result: Any) -> None:
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"Written to {path.relative_to(PROJECT)}")


def main(run: Any) -> None:
    """Run a benchmark; a set-up that fails says so in one line. SIGTERM ends it as Ctrl-C does."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        run()
    except SetupError as error:
        sys.exit(str(error))
