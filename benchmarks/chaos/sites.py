"""The platform of `make serve`, with what a fault needs to get at: its processes, database, media, broker and clock."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, MutableMapping
from contextlib import ExitStack, contextmanager, suppress

import psutil

from benchmarks import platform
from benchmarks.chaos import servers
from benchmarks.chaos.clocks import Clock
from benchmarks.chaos.keeper import Keeper
from terrafusion.setup.demo.client import Client
from terrafusion.setup.errors import SetupError
from terrafusion.setup.postgres import Cluster

COUNTY_ROWS = 100_000
FOLDER = platform.FOLDER / "chaos"
_MEDIA = FOLDER / "media"
_WORKERS = 2
_START_SECONDS = 120
_USER = "benchmark"  # platform.user
_PASSWORD = "of-the-benchmark"
_CLOCKS = {
    "JOB_HEARTBEAT": 1,
    "JOB_LOST_AFTER": 8,
    "JOB_REQUEUE_AFTER": 8,
    "JOB_FINISH_PATIENCE": 60,
    "SWEEP_INTERVAL": 1,
    "CANARY_INTERVAL": 2,
    "CANARY_STALE_AFTER": 15,
    "SUPERVISOR_STOP_GRACE": 5,
}
"""The platform's own times, shortened, so that a fault and what follows it take seconds instead of minutes."""


class Database:
    """A server of our own, that may be stopped, killed and slowed down."""

    def __init__(self) -> None:
        self.cluster = Cluster(FOLDER)

    def pid(self) -> int:
        return int((self.cluster.data / "postmaster.pid").read_text().split()[0])

    def processes(self) -> list[psutil.Process]:
        server = psutil.Process(self.pid())
        return [server, *server.children(recursive=True)]

    def kill(self) -> None:
        """SIGKILL to all of its processes, as when the machine's power goes."""
        processes = self.processes()
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes, 30)


class Site:
    sweep_seconds = _CLOCKS["SWEEP_INTERVAL"]
    lost_after = _CLOCKS["JOB_LOST_AFTER"]
    workers = _WORKERS

    def __init__(self, database: Database, store: servers.Store | None, broker: servers.Broker | None) -> None:
        self.database = database
        self.store = store
        self.broker = broker
        self.media = _MEDIA
        self.clock = Clock(database.cluster.home)
        self._address = f"http://127.0.0.1:{os.environ['PORT']}"
        self._headers: dict[str, str] | None = None
        python = sys.executable
        self.keeper = Keeper(
            {
                "web": [python, "-m", "gunicorn", "--config", "terrafusion/setup/gunicorn.py", "terrafusion.wsgi"],
                "worker": [python, "manage.py", "supervise", "--cluster", "short"],
                "sweep": [python, "manage.py", "sweep", "--forever"],
            },
            FOLDER / "processes.log",
        )

    def client(self) -> Client:
        """Signed in by a token that was asked for once."""
        client = Client(self._address)
        if self._headers is None:
            client.log_in(_USER, _PASSWORD)
            self._headers = dict(client.headers)
        client.headers = dict(self._headers)
        return client

    def files(self) -> list[str]:
        """The names of all results in storage."""
        if self.store:
            return self.store.names()
        inside = (path.relative_to(self.media) for path in self.media.rglob("*") if path.is_file())
        return [str(path) for path in inside if path.parts[0] != ".work"]

    def wait_until_whole(self) -> None:
        """Until what was killed has been started again, and the web server answers."""
        deadline = time.monotonic() + _START_SECONDS
        while not all(process.poll() is None for process in self.keeper.running()):
            if time.monotonic() > deadline:
                raise RuntimeError("A process was not started again.")
            time.sleep(0.2)
        self.wait_until_it_answers()

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                self.client().call("GET", "/api/v1/gis-export/jobs?page_size=1")
            except Exception:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return


@contextmanager
def running(kind: str) -> Iterator[Site]:
    """The platform, with results on ``local`` media or on ``s3``, on a ``disk`` of their own, with the broker
    ``redis``, or with a ``clock`` that can be set. SetupError where this machine cannot have that."""
    settings = {name: str(value) for name, value in _CLOCKS.items()}
    settings |= {
        "MEDIA_ROOT": str(_MEDIA),
        "PORT": str(platform.free_port()),
        "Q_WORKERS": str(_WORKERS),
        "JOB_SHORT_SECONDS": "3600",
        "LOG_LEVEL": "INFO",
    }
    database = Database()
    with ExitStack() as stack:
        stack.enter_context(_kept(os.environ))
        _clean()
        store = broker = None
        if kind == "s3":
            store = stack.enter_context(servers.store())
            settings |= store.settings
        if kind == "redis":
            broker = stack.enter_context(servers.broker())
            settings["REDIS_URL"] = broker.url
        if kind == "disk":
            stack.enter_context(_disk())
        if kind == "clock":
            settings |= Clock(database.cluster.home).make()
        os.environ.update(settings)
        if kind == "clock":
            stack.enter_context(_started_anew(database))
        site = Site(database, store, broker)
        stack.callback(site.keeper.stop)
        site.keeper.start()
        site.wait_until_it_answers()
        yield site


@contextmanager
def _kept(environment: MutableMapping[str, str]) -> Iterator[None]:
    before = dict(environment)
    yield
    environment.clear()
    environment.update(before)


@contextmanager
def _disk() -> Iterator[None]:
    """A small filesystem at the media's folder."""
    command = ["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", str(_MEDIA)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        raise SetupError("Only root, and not in every container, may mount a filesystem that can be filled.")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(_MEDIA)], check=True)


@contextmanager
def _started_anew(database: Database) -> Iterator[None]:
    """The server, with the environment as it is now, and as it was at the end."""
    given = os.environ.get("LD_PRELOAD", "")
    database.cluster.stop()
    database.cluster.start()
    try:
        yield
    finally:
        del os.environ["LD_PRELOAD"]
        database.cluster.stop()
        database.cluster.start()
        os.environ["LD_PRELOAD"] = given


def _clean() -> None:
    """Empty folders, and a queue without what a former site has left."""
    from django.db import connections
    from django_q.models import OrmQ

    connections.close_all()  # a former site's faults have cut them
    for name in ("media", "metrics"):
        shutil.rmtree(FOLDER / name, ignore_errors=True)
        (FOLDER / name).mkdir(parents=True)
    OrmQ.objects.all().delete()


@contextmanager
def prepared() -> Iterator[None]:
    """The database server, its tables, a county and an account; Django in this process knows them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    cluster = Cluster(FOLDER)
    cluster.start()
    try:
        os.environ["DATABASE_URL"] = cluster.url
        platform.use_benchmark_database()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(FOLDER / "metrics")
        county = platform.county_of(COUNTY_ROWS)
        from terrafusion.records.models import CountySettings

        CountySettings.objects.update_or_create(
            county_id=county, defaults={"max_active_jobs": 1_000_000, "max_bytes_per_day": None}
        )
        user = platform.user()
        user.set_password(_PASSWORD)
        user.save()
        platform.manage("collectstatic", "--noinput", "--verbosity", "0")
        yield
    finally:
        cluster.stop()
