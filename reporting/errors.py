"""Why a report can fail, and why its file is refused. Each code is stable."""

from terrafusion.jobs.errors import JobError, Refused


class ReportError(JobError):
    """The base of what can go wrong with a report."""

    code = "report_failed"


class NothingToReport(ReportError):
    """What the report is about has gone since it was asked for."""

    code = "nothing_to_report"


class TypesettingFailed(ReportError):
    """The PDF could not be set; mostly a county's own template."""

    code = "typesetting_failed"


class NotReconciled(ReportError):
    """What was written is not what the database holds: the file is not handed out."""

    code = "reconciliation_failed"


class SourceOutdated(ReportError):
    """The run that the report reads is not there any more."""

    code = "source_outdated"


class ValuationFailed(ReportError):
    """The valuation that the report was to be made of came to nothing."""

    code = "valuation_failed"


class PersonalReportRefused(Refused):
    """The file is not for this user; no job has failed."""

    code = "personal_data"
