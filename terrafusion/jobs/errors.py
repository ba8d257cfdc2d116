"""Why a job failed, and why a request about a job is refused: two small trees of stable codes.

``JobError`` ends a job. Its code is shown by the API and is the ``failure_reason`` of the metrics, so a plugin that
needs one more code subclasses it; nothing else is to be done. ``Refused`` ends a request; no job has changed.
"""

from __future__ import annotations


class JobError(Exception):
    """The job cannot go on. ``message`` is shown to users: no SQL, path or secret in it.

    ``remedy`` says what the user can do, in sentences; it follows the message wherever a failed job is shown.
    ``retryable`` says that the same job, run again later, may well succeed.
    """

    code = "internal_error"
    retryable = False
    remedy = "Rerun the job. If it fails again, give its id to your administrator: the worker's log has the reason."

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def full_message(self) -> str:
        """What went wrong, and what to do."""
        return f"{self.message} {self.remedy}"


class JobCancelled(JobError):
    """The user cancelled the job; a checkpoint ends it."""

    code = "cancelled"
    remedy = "Rerun it if you still need its result."

    def __init__(self, message: str = "The job was cancelled.") -> None:
        super().__init__(message)


class ClaimLost(JobError):
    """The sweep took the job away from this worker, because its heartbeat was not seen in time."""

    code = "claim_lost"
    retryable = True
    remedy = "Look at the job again in some minutes."

    def __init__(self, message: str = "Another worker has taken over the job.") -> None:
        super().__init__(message)


class TimedOut(JobError):
    """The job ran longer than its time limit."""

    code = "timed_out"
    remedy = "Ask for less, such as a smaller area, or have your administrator raise the time limit of jobs."


class WorkerLost(JobError):
    """The heartbeat of the worker stopped, and no attempts are left."""

    code = "worker_lost"
    retryable = True
    remedy = "Rerun the job. If it fails again, ask for less, such as a smaller area, and inform your administrator."


class StorageFull(JobError):
    """No space is left for the files of the job."""

    code = "storage_full"
    retryable = True
    remedy = "Have your administrator free space, then rerun the job."


class StorageUnavailable(JobError):
    """The media storage cannot be read or written."""

    code = "storage_unavailable"
    retryable = True
    remedy = "Rerun the job in some minutes. If it fails again, inform your administrator."


class DatabaseLost(JobError):
    """The connection to the database was lost."""

    code = "database_unavailable"
    retryable = True
    remedy = "Rerun the job in some minutes. If it fails again, inform your administrator."


class QueryCancelled(JobError):
    """The database ended a query: the server's own limit, or its administrator. The same again may take as long."""

    code = "query_timed_out"
    remedy = "Ask for less, such as a smaller area, or rerun the job when there is less to do."


class TransactionRolledBack(JobError):
    """The database undid a transaction of the job for another's sake: a deadlock, or a serialization failure."""

    code = "transaction_conflict"
    retryable = True
    remedy = "Rerun the job."


class OutOfMemory(JobError):
    """The worker has not enough memory for the job."""

    code = "out_of_memory"
    remedy = "Ask for less, such as a smaller area, or have your administrator give the workers more memory."


def known() -> dict[str, type[JobError]]:
    """Every code in use and a class that stands for it, those of loaded plugins included."""
    kinds: dict[str, type[JobError]] = {}
    waiting: list[type[JobError]] = [JobError]
    while waiting:
        kind = waiting.pop()
        kinds.setdefault(kind.code, kind)
        waiting.extend(kind.__subclasses__())
    return kinds


class Refused(Exception):
    """A request about a job cannot be granted; ``code`` is stable, the text is shown to the user."""

    code = "refused"


class RequestRefused(Refused):
    """What is asked for cannot be had; ``faults`` holds texts by the request's member."""

    def __init__(self, faults: dict[str, list[str]], code: str) -> None:
        super().__init__(" ".join(text for texts in faults.values() for text in texts))
        self.faults, self.code = faults, code


class NotCancellable(Refused):
    """A job that has ended is to be cancelled."""

    code = "not_cancellable"


class TooManyActiveJobs(Refused):
    """The user's active jobs in the county are as many as its limit."""

    code = "too_many_active_jobs"


class IdempotencyKeyReused(Refused):
    """An Idempotency-Key comes again with another request."""

    code = "idempotency_key_reused"


class ReadRefused(Refused):
    """A user asks for a result that is not for them; no job has failed."""

    def __init__(self, text: str, code: str) -> None:
        super().__init__(text)
        self.code = code


class OwnerLost(Refused):
    """The owner of a schedule that is due may no longer submit jobs in the county."""

    code = "schedule_owner_lost"


class InvalidCron(ValueError):
    """A schedule's expression cannot be used; the text says why."""


class InvalidWebhookUrl(ValueError):
    """A URL cannot be that of a webhook; the text says why."""


class WebhookPostFailed(Exception):
    """A webhook's receiver sent nothing back, or nothing that could be understood; ``code`` is stable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
