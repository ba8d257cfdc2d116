"""Why a run ends without values, and why a decision is refused."""

from __future__ import annotations

from terrafusion.jobs.errors import JobError, Refused


class TooFewSales(JobError):
    code = "too_few_sales"


class NoSchedule(JobError):
    code = "no_schedule"


class UnusableData(JobError):
    code = "unusable_data"


class ModelUnusable(JobError):
    code = "model_unusable"


class NothingToValue(JobError):
    code = "nothing_to_value"


class NothingToStudy(JobError):
    code = "nothing_to_study"


class NotDecidable(Refused):
    """Values of a run that are not ready, or not in the state that the step begins from."""

    code = "not_decidable"


class AlreadyCertified(Refused):
    code = "already_certified"
