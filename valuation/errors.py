"""Why a run ends without values, and why a decision is refused."""

from __future__ import annotations

from terrafusion.jobs.errors import JobError, Refused


class TooFewSales(JobError):
    """The method has too few valid sales."""

    code = "too_few_sales"
    remedy = "Load sales, choose a later valuation date, or change the screening rules."


class NoSchedule(JobError):
    """The county has no effective rate table that the method needs."""

    code = "no_schedule"
    remedy = "Load them (POST valuation/rate-tables, or manage.py load_schedule), or choose another method or date."


class UnusableData(JobError):
    """Records of the run cannot be valued as they are; the text names them."""

    code = "unusable_data"
    remedy = "Correct these records, then rerun the job."


class ModelUnusable(JobError):
    """The stored model that the request names is gone or cannot be read."""

    code = "model_unusable"
    remedy = "Leave out the parameter model, so that a new one is trained."


class NothingToValue(JobError):
    """No parcel is in the scope."""

    code = "nothing_to_value"
    remedy = "Choose another scope, or load its parcels."


class NothingToStudy(JobError):
    """No sale is left to study."""

    code = "nothing_to_study"
    remedy = "Choose other dates, values or scope, load sales, or change the screening rules."


class NotDecidable(Refused):
    """Values of a run that are not ready, or not in the state that the step begins from."""

    code = "not_decidable"


class AlreadyCertified(Refused):
    """The values are certified already."""

    code = "already_certified"


class TooLate(Refused):
    """A decision is older than the county's revocation_days."""

    code = "too_late_to_revoke"


class PreviewExpired(Refused):
    """The token of the preview is too old."""

    code = "preview_expired"


class PreviewDiffers(Refused):
    """The token is another user's, run's or request's."""

    code = "preview_differs"


class PreviewStale(Refused):
    """The values are no longer as they were previewed."""

    code = "preview_stale"


class AlreadyDecided(Refused):
    """The preview was carried out before."""

    code = "already_decided"


class UnreadableToken(Refused):
    """The token is not one that a preview has given."""

    code = "unreadable_token"


class OtherCount(Refused):
    """The count differs from that of the preview."""

    code = "other_count"
