"""Why a report can fail, and why its file is refused. Each code is stable."""

from terrafusion.jobs.errors import JobError


class ReportError(JobError):
    """The base of what can go wrong with a report."""

    code = "report_failed"


class NothingToReport(ReportError):
    """What the report is about has gone since it was asked for."""

    code = "nothing_to_report"
    remedy = "Submit a new request for what is there now."


class TypesettingFailed(ReportError):
    """The PDF could not be set; mostly a county's own template."""

    code = "typesetting_failed"
    remedy = "Choose another format, such as HTML, or have your administrator check the county's template."


class NotReconciled(ReportError):
    """What was written is not what the database holds: the file is not handed out."""

    code = "reconciliation_failed"
    remedy = "Rerun the job: nothing was handed out. If it fails again, inform your administrator."


class SourceOutdated(ReportError):
    """The run that the report reads is not there any more."""

    code = "source_outdated"
    remedy = "Rerun that analysis, then submit the report with it."


class ValuationFailed(ReportError):
    """The valuation that the report was to be made of came to nothing."""

    code = "valuation_failed"
    remedy = "Then submit the report again, or name a run that is completed."
