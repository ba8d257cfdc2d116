"""Why a run ends without values."""

from __future__ import annotations

from terrafusion.jobs.errors import JobError


class RunError(JobError):
    """The base of what can go wrong with a valuation run."""


class TooFewSales(RunError):
    """The method has too few valid sales."""

    code = "too_few_sales"
    remedy = "Load sales, choose a later valuation date, or change the screening rules."


class NoSchedule(RunError):
    """The county has no effective rate table that the method needs."""

    code = "no_schedule"
    remedy = "Load them (POST valuation/rate-tables, or manage.py load_schedule), or choose another method or date."


class UnusableData(RunError):
    """Records of the run cannot be valued as they are; the text names them."""

    code = "unusable_data"
    remedy = "Correct these records, then rerun the job."


class ModelUnusable(RunError):
    """The stored model that the request names is gone or cannot be read."""

    code = "model_unusable"
    remedy = "Leave out the parameter model, so that a new one is trained."


class NothingToValue(RunError):
    """No parcel is in the scope."""

    code = "nothing_to_value"
    remedy = "Choose another scope, or load its parcels."


class NothingToStudy(RunError):
    """No sale is left to study."""

    code = "nothing_to_study"
    remedy = "Choose other dates, values or scope, load sales, or change the screening rules."
