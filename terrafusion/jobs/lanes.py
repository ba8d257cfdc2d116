"""The lanes of jobs: each has workers of its own, so that no job waits for one that takes far longer.

Which lane a job takes is decided by how many seconds its type expects it to take (``JobType.seconds``): from what kind
of work it is and from its size, as both are known when it is submitted. docs/adr/0024-lanes.md gives the reasons.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from terrafusion.jobs.models import AbstractJob

from dataclasses import dataclass

from django.conf import settings

from terrafusion.jobs.registry import type_of


@dataclass(frozen=True)
class Lane:
    """``cluster`` is the name of its queue and workers. ``up_to`` is the most seconds that a job of the lane is
    expected to take, ``time_limit`` those after which one is ended."""

    cluster: str
    up_to: float
    time_limit: float


def all_lanes() -> tuple[Lane, ...]:
    """From the quickest to the slowest, which takes all that the others do not."""
    return (
        Lane(settings.SHORT_CLUSTER, settings.JOB_SHORT_SECONDS, settings.JOB_TIME_LIMIT),
        Lane(settings.MEDIUM_CLUSTER, settings.JOB_MEDIUM_SECONDS, settings.JOB_TIME_LIMIT),
        Lane(settings.LONG_CLUSTER, float("inf"), settings.JOB_LONG_TIME_LIMIT),
    )


def of(job: AbstractJob) -> Lane:
    seconds = type_of(job).seconds(job)
    return next(lane for lane in all_lanes() if seconds <= lane.up_to)
