"""Why an analysis can fail."""

from __future__ import annotations

from terrafusion.jobs.errors import JobError
from terrafusion.jobs.request.errors import InvalidRequest


class AnalysisError(JobError):
    """An analysis failed for a reason that has no code of its own."""

    code = "analysis_failed"


class NoSales(AnalysisError):
    """No sale is left; the text says how many were read and why each was excluded."""

    code = "no_sales"
    remedy = "Ask for a longer period, a larger area or more classes, load sales, or change the screening rules."


class TooFewToAnalyze(AnalysisError):
    """There are sales, but too few for what was asked."""

    code = "too_few_to_analyze"
    remedy = "Ask for a longer period, larger places or more classes, load sales, or change the screening rules."


class AnalysisOutdated(AnalysisError):
    """What the request names is not there any more."""

    code = "request_outdated"
    remedy = "Submit a new request for what is there now."


class GeographyError(InvalidRequest):
    """The county has no such geography, or it may not be named by the user; raised when a request is read."""
