"""The statuses of a job and the moves between them. Pure: no database, no clock.

::

    PENDING -> RUNNING -> COMPLETED -> EXPIRED        (EXPIRED: the file is gone, the record stays)
       |          |-----> FAILED
       |          '-> CANCELLING -> CANCELLED
       '-> CANCELLED
    RUNNING -> PENDING   only by the sweep, when the heartbeat is lost and attempts are left; else FAILED

A job that completes or fails in the moment in which its cancel arrives is CANCELLED: the user has read so.
"""

from __future__ import annotations

from django.db.models import TextChoices


class Status(TextChoices):
    PENDING = "PENDING", "Pending"
    RUNNING = "RUNNING", "Running"
    CANCELLING = "CANCELLING", "Cancelling"
    CANCELLED = "CANCELLED", "Cancelled"
    COMPLETED = "COMPLETED", "Completed"
    FAILED = "FAILED", "Failed"
    EXPIRED = "EXPIRED", "Expired"


TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.RUNNING, Status.CANCELLED}),
    Status.RUNNING: frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLING, Status.PENDING}),
    Status.CANCELLING: frozenset({Status.CANCELLED}),
    Status.CANCELLED: frozenset(),
    Status.COMPLETED: frozenset({Status.EXPIRED}),
    Status.FAILED: frozenset(),
    Status.EXPIRED: frozenset(),
}

CLAIMED = (Status.RUNNING, Status.CANCELLING)
"""A worker holds the job."""
ACTIVE = (Status.PENDING, *CLAIMED)
"""The job is still to end; counted against its user's limit."""
FINISHED = (Status.COMPLETED, Status.FAILED, Status.CANCELLED, Status.EXPIRED)
"""The job has ended; ``completed_at`` is set."""


def may_move(source: Status, target: Status) -> bool:
    return target in TRANSITIONS[source]
