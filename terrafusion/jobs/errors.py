"""Why a job failed, and why a request about a job is refused: two small trees of stable codes.

``JobError`` ends a job. Its code is shown by the API and is the ``failure_reason`` of the metrics, so a plugin that
needs one more code subclasses it; nothing else is to be done. ``Refused`` ends a request; no job has changed.
"""

from __future__ import annotations


class JobError(Exception):
    """The job cannot go on. ``message`` is shown to users: no SQL, path or secret in it.

    ``retryable`` says that the same job, run again later, may well succeed.
    """

    code = "internal_error"
    retryable = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class JobCancelled(JobError):
    code = "cancelled"

    def __init__(self, message: str = "The job was cancelled.") -> None:
        super().__init__(message)


class ClaimLost(JobError):
    """The sweep took the job away from this worker, because its heartbeat was not seen in time."""

    code = "claim_lost"
    retryable = True

    def __init__(self, message: str = "Another worker has taken over the job.") -> None:
        super().__init__(message)


class TimedOut(JobError):
    code = "timed_out"


class WorkerLost(JobError):
    code = "worker_lost"
    retryable = True


class StorageFull(JobError):
    code = "storage_full"
    retryable = True


class StorageUnavailable(JobError):
    code = "storage_unavailable"
    retryable = True


class DatabaseUnavailable(JobError):
    code = "database_unavailable"
    retryable = True


class QueryTimedOut(JobError):
    """The database ended a query: the server's own limit, or its administrator. The same again may take as long."""

    code = "query_timed_out"


class TransactionConflict(JobError):
    """The database undid a transaction of the job for another's sake: a deadlock, or a serialization failure."""

    code = "transaction_conflict"
    retryable = True


class OutOfMemory(JobError):
    code = "out_of_memory"


def known() -> dict[str, type[JobError]]:
    """Every code in use and a class that stands for it, those of loaded plugins included."""
    found: dict[str, type[JobError]] = {}
    waiting: list[type[JobError]] = [JobError]
    while waiting:
        kind = waiting.pop()
        found.setdefault(kind.code, kind)
        waiting.extend(kind.__subclasses__())
    return found


class Refused(Exception):
    """A request about a job cannot be granted; ``code`` is stable, the text is shown to the user."""

    code = "refused"


class RequestRefused(Refused):
    """What is asked for cannot be had; ``faults`` holds texts by the request's member."""

    def __init__(self, faults: dict[str, list[str]], code: str) -> None:
        super().__init__(" ".join(text for texts in faults.values() for text in texts))
        self.faults, self.code = faults, code


class NotCancellable(Refused):
    code = "not_cancellable"


class TooManyActiveJobs(Refused):
    code = "too_many_active_jobs"


class IdempotencyKeyReused(Refused):
    code = "idempotency_key_reused"
