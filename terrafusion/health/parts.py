"""The parts that readiness depends on. A check returns nothing, or raises what is wrong.

What it raises goes to the log; the caller of /readyz gets the part's name and one plain sentence.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connection
from django.db.models.functions import Now

from terrafusion.health.errors import CheckFailed
from terrafusion.jobs import broker, canary, lanes
from terrafusion.jobs.publish import media
from terrafusion.jobs.registry import all_types
from terrafusion.jobs.states import CLAIMED

log = logging.getLogger(__name__)

REMEMBER_SECONDS = 3.0
"""Anybody may ask, and the checks write to storage: an answer is given again for so long."""


def check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT postgis_lib_version()")


def check_broker() -> None:
    for cluster in broker.clusters():
        broker.oldest_waiting(cluster)


def check_storage() -> None:
    """The results' storage takes a file and gives it back."""
    content = secrets.token_bytes(16)
    name = media().save(f".health/{content.hex()}", ContentFile(content))
    try:
        with media().open(name) as file:
            if file.read() != content:
                raise CheckFailed("The storage gave back something else than was written.")
    finally:
        media().delete(name)


def check_workers() -> None:
    """A worker of each cluster did something lately, or is busy with a job whose heartbeat is fresh."""
    silent = []
    for cluster in broker.clusters():
        age = canary.age(cluster)
        if (age is None or age > settings.CANARY_STALE_AFTER) and not _is_busy(cluster):
            silent.append(f"{cluster} ({'never' if age is None else f'{age:.0f} s ago'})")
    if silent:
        raise CheckFailed(f"No sign of life from the workers of: {', '.join(silent)}.")


def _is_busy(cluster: str) -> bool:
    fresh = Now() - timedelta(seconds=settings.JOB_LOST_AFTER)
    return any(
        lanes.of(job).cluster == cluster
        for job_type in all_types()
        for job in job_type.model.objects.filter(status__in=CLAIMED, heartbeat_at__gte=fresh)
    )


PARTS: dict[str, tuple[Callable[[], None], str]] = {
    "database": (check_database, "The database does not answer."),
    "broker": (check_broker, "The task queue does not answer."),
    "storage": (check_storage, "The storage of results does not take files."),
    "workers": (check_workers, "The workers' state cannot be read."),
}

_lock = threading.Lock()
_last: tuple[float, dict[str, str]] | None = None


def report() -> dict[str, str]:
    """Each part and ``ok`` or what is wrong."""
    global _last
    with _lock:
        if _last is None or time.monotonic() - _last[0] > REMEMBER_SECONDS:
            _last = (time.monotonic(), {name: _outcome(name) for name in PARTS})
        return _last[1]


def forget() -> None:
    """Have the next report look again."""
    global _last
    with _lock:
        _last = None


def _outcome(name: str) -> str:
    check, sentence = PARTS[name]
    try:
        check()
    except CheckFailed as failed:
        log.warning("Not ready: %s: %s", name, failed)
        return str(failed)
    except Exception:  # drivers of databases, brokers and storages raise what they like
        log.warning("Not ready: %s", name, exc_info=True)
        return sentence
    return "ok"
