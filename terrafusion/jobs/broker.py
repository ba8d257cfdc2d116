"""The broker of django-q2: notifying it of a task, and how long its oldest task has waited."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Min
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from django_q.tasks import async_task


def enqueue(function: str, *arguments: Any, cluster: str) -> None:
    """Have ``cluster`` call the function of that dotted path. Delivery is at least once, in no certain order."""
    async_task(function, *arguments, cluster=cluster)


def clusters() -> list[str]:
    return [settings.SHORT_CLUSTER, settings.MEDIUM_CLUSTER, settings.LONG_CLUSTER]


def own_cluster() -> str:
    """The cluster that this process works for."""
    return str(Conf.CLUSTER_NAME)


def workers(cluster: str) -> int:
    return int(_configuration(cluster)["workers"])


def time_limit(cluster: str) -> float:
    """Seconds after which django-q2 ends a task of ``cluster`` by force, together with the worker."""
    return float(_configuration(cluster)["timeout"])


def _configuration(cluster: str) -> dict[str, Any]:
    return {**settings.Q_CLUSTER, **settings.Q_CLUSTER["ALT_CLUSTERS"].get(cluster, {})}


def waiting(cluster: str) -> int:
    """How many tasks no cluster has taken yet."""
    size: int = get_broker(cluster).queue_size()
    return size


def oldest_waiting(cluster: str) -> datetime | None:
    """When the oldest task that no cluster has taken yet was enqueued; None when none waits."""
    if Conf.ORM:
        # A task that waits carries the time of its enqueuing as its lock; a taken one a time in the future.
        waiting = OrmQ.objects.using(Conf.ORM).filter(key=cluster, lock__lte=timezone.now())
        oldest: datetime | None = waiting.aggregate(oldest=Min("lock"))["oldest"]
        return oldest
    broker = get_broker(cluster)
    payload = broker.connection.lindex(broker.list_key, 0)  # tasks are pushed right and popped left
    if payload is None:
        return None
    started: datetime = SignedPackage.loads(payload)["started"]
    return started
