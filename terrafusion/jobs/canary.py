"""When a worker of a cluster last did anything.

A cluster can deadlock while django-q2's own status stays green, so life is shown by a task that a worker has run: each
job that begins, and the canary tasks that the supervisor sends when there are none.
"""

from __future__ import annotations

from datetime import timedelta

from django.db.models import DurationField, ExpressionWrapper, F
from django.db.models.functions import Now

from terrafusion.jobs import broker
from terrafusion.jobs.models import Canary

TASK = "terrafusion.jobs.canary.record_activity"


def record_activity(cluster: str) -> None:
    """Record that a worker of ``cluster``, which runs this, is alive.

    One statement that commits itself: a worker that is stopped inside a transaction would keep the row locked, and
    with it every other worker that records its activity.
    """
    if not Canary.objects.filter(pk=cluster).update(recorded_at=Now()):
        Canary.objects.bulk_create([Canary(cluster=cluster, recorded_at=Now())], ignore_conflicts=True)


def send(cluster: str) -> None:
    """Queue the task that records the activity of a worker of ``cluster``."""
    broker.enqueue(TASK, cluster, cluster=cluster)


def age(cluster: str) -> float | None:
    """Seconds since a worker of ``cluster`` last did anything; None when it never has."""
    silence = ExpressionWrapper(Now() - F("recorded_at"), output_field=DurationField())
    elapsed: timedelta | None = (
        Canary.objects.filter(pk=cluster).annotate(silence=silence).values_list("silence", flat=True).first()
    )
    return None if elapsed is None else elapsed.total_seconds()
