"""Why an export can fail. Each code is stable: the API shows it and the metrics count it."""

from terrafusion.jobs.errors import JobError, Refused


class ExportError(JobError):
    """The base of what can go wrong with an export."""

    code = "export_failed"


class WriterCrashed(ExportError):
    """The native writer ended the process that it ran in; that job alone is lost."""

    code = "writer_crashed"


class WriterFailed(ExportError):
    """The writer reported an error."""

    code = "writer_failed"


class ReconciliationFailed(ExportError):
    """What was written is not what the database held: the file is not handed out."""

    code = "reconciliation_failed"


class FormatLimitExceeded(ExportError):
    """The format cannot hold this much."""

    code = "format_limit_exceeded"


class CrsUnsuitable(ExportError):
    """Some records lie where the CRS has no coordinates for them."""

    code = "crs_unsuitable"


class RequestOutdated(ExportError):
    """What was asked for is no longer there, such as a layer that was removed while the job waited."""

    code = "request_outdated"


class PartFailed(ExportError):
    """A part of a large export failed again and again."""

    code = "part_failed"
    retryable = True


class SnapshotLost(ExportError):
    """Who held the snapshot in which a part is to be read is gone; the whole begins again."""

    code = "snapshot_lost"


class PersonalDataRefused(ExportError):
    """The one who asked no longer has the right to the personal data that the request filters by."""

    code = "personal_data"


class PersonalFileRefused(Refused):
    """The file is not for this user; no job has failed."""

    code = "personal_data"
