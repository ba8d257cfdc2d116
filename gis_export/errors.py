"""Why an export can fail. Each code is stable: the API shows it and the metrics count it."""

from terrafusion.jobs.errors import JobError, Refused


class ExportError(JobError):
    """The base of what can go wrong with an export."""

    code = "export_failed"


class WriterCrashed(ExportError):
    """The native writer ended the process that it ran in; that job alone is lost."""

    code = "writer_crashed"
    remedy = "Rerun the job. If it fails again, choose another format and inform your administrator."


class WriterFailed(ExportError):
    """The writer reported an error."""

    code = "writer_failed"
    remedy = "Choose another format, or fewer layers and fields. If that fails too, inform your administrator."


class ReconciliationFailed(ExportError):
    """What was written is not what the database held: the file is not handed out."""

    code = "reconciliation_failed"
    remedy = "Rerun the job: nothing was handed out. If it fails again, inform your administrator."


class FormatLimitExceeded(ExportError):
    """The format cannot hold this much."""

    code = "format_limit_exceeded"
    remedy = "Choose a smaller area or another format."


class CrsUnsuitable(ExportError):
    """Some records lie where the CRS has no coordinates for them."""

    code = "crs_unsuitable"
    remedy = "Choose another CRS, or an area within the bounds of this one."


class ExportOutdated(ExportError):
    """What was asked for is no longer there, such as a layer that was removed while the job waited."""

    code = "request_outdated"
    remedy = "Submit a new request for what is there now."


class PartFailed(ExportError):
    """A part of a large export failed again and again."""

    code = "part_failed"
    retryable = True
    remedy = "Rerun the job. If it fails again, choose a smaller area."


class SnapshotLost(ExportError):
    """Who held the snapshot in which a part is to be read is gone; the whole begins again."""

    code = "snapshot_lost"
    remedy = "Rerun the job."


class PersonalDataRefused(ExportError):
    """The one who asked no longer has the right to the personal data that the request filters by."""

    code = "personal_data"
    remedy = "Submit a request without personal data, or ask a manager of the county for the right to it."


class RerunRefused(Refused):
    """A rerun is refused, as the first job's request no longer holds; ``code`` is that of the job that would fail."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class NotAnExport(Exception):
    """``verify_export`` is given a file that it cannot check, or a job without one; the message says why."""
