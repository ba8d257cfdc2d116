"""The database, the broker and the storage go away, come back, or answer late."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

import psutil

from benchmarks.chaos import ledger
from benchmarks.chaos.crowd import JOBS, Crowd
from benchmarks.chaos.fault import Fault
from benchmarks.chaos.sites import Site
from terrafusion.setup.errors import SetupError

_AWAY_SECONDS = 8.0
_DATABASE = frozenset({"database_unavailable"})
_STORAGE = frozenset({"storage_unavailable", "storage_full"})
_REMOUNT_SECONDS = 20


def _database_stopped(site: Site, crowd: Crowd) -> None:
    crowd.begin()
    with crowd.submitting(4):
        site.database.cluster.stop()
        time.sleep(_AWAY_SECONDS)
        site.database.cluster.start()


def _database_killed(site: Site, crowd: Crowd) -> None:
    crowd.begin()
    with crowd.submitting(4):
        site.database.kill()
        time.sleep(_AWAY_SECONDS)
        site.database.cluster.start()


def _database_slow(site: Site, crowd: Crowd) -> None:
    """It works for a tenth of the time."""
    crowd.begin()
    with crowd.submitting(4):
        end = time.monotonic() + 2 * _AWAY_SECONDS
        while time.monotonic() < end:
            processes = site.database.processes()
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.suspend()
            time.sleep(0.45)
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.resume()
            time.sleep(0.05)


def _connections_cut(site: Site, crowd: Crowd) -> None:
    """All of them while an export reads, and again half a second later."""
    crowd.begin()
    for _ in range(2):
        ledger.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        time.sleep(0.5)


def _broker_gone(site: Site, crowd: Crowd) -> None:
    assert site.broker is not None
    crowd.begin()
    with crowd.submitting(4):
        site.broker.kill()
        time.sleep(_AWAY_SECONDS)
        site.broker.start()


def _store(mode: str, site: Site, crowd: Crowd) -> None:
    assert site.store is not None
    crowd.begin()
    with crowd.submitting(4):
        site.store.line.mode = mode
        time.sleep(2 * _AWAY_SECONDS)
        site.store.line.mode = "sound"


def _disk_full(site: Site, crowd: Crowd) -> None:
    crowd.begin()
    filler = site.media / ".filler"
    with crowd.submitting(4):
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(bytes(1 << 20)):
                pass
        time.sleep(_AWAY_SECONDS)
        filler.unlink()


def _disk_read_only(site: Site, crowd: Crowd) -> None:
    crowd.submit(JOBS)
    with crowd.submitting(4):
        _remount(site, "ro")
        time.sleep(_AWAY_SECONDS)
        _remount(site, "rw")


def _remount(site: Site, how: str) -> None:
    """A file that is open for writing refuses it; so it is asked again."""
    deadline = time.monotonic() + _REMOUNT_SECONDS
    command = ["mount", "-o", f"remount,{how}", str(site.media)]
    while subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode != 0:
        if time.monotonic() > deadline:
            raise SetupError(f"The media's filesystem could not be made {how}.")
        time.sleep(0.02)


def _clock(seconds: int, site: Site, crowd: Crowd) -> None:
    crowd.begin()
    with crowd.submitting(4):
        for offset in (seconds, 0):
            site.clock.set(offset)
            time.sleep(_AWAY_SECONDS)


def faults() -> Iterator[Fault]:
    yield Fault("database stopped", _database_stopped, may_fail=_DATABASE)
    yield Fault("database killed", _database_killed, may_fail=_DATABASE)
    yield Fault("database slow", _database_slow)
    yield Fault("connections cut", _connections_cut, may_fail=_DATABASE)
    yield Fault("broker gone", _broker_gone, "redis")
    for mode in ("refused", "slow", "stalled"):
        yield Fault(f"storage {mode}", partial(_store, mode), "s3", _STORAGE)
    yield Fault("disk full", _disk_full, "disk", _STORAGE)
    yield Fault("disk read-only", _disk_read_only, "disk", _STORAGE)
    yield Fault("clock set forward", partial(_clock, 3600), "clock")
    yield Fault("clock set back", partial(_clock, -3600), "clock")
