"""Why a decision is refused."""

from __future__ import annotations

from terrafusion.jobs.errors import Refused


class DecisionRefused(Refused):
    """The base of why a preview or a decision is refused."""


class NotDecidable(DecisionRefused):
    """Values of a run that are not ready, or not in the state that the step begins from."""

    code = "not_decidable"


class AlreadyCertified(DecisionRefused):
    """The values are certified already."""

    code = "already_certified"


class TooLate(DecisionRefused):
    """A decision is older than the county's revocation_days."""

    code = "too_late_to_revoke"


class PreviewExpired(DecisionRefused):
    """The token of the preview is too old."""

    code = "preview_expired"


class PreviewDiffers(DecisionRefused):
    """The token is another user's, run's or request's."""

    code = "preview_differs"


class PreviewStale(DecisionRefused):
    """The values are no longer as they were previewed."""

    code = "preview_stale"


class AlreadyDecided(DecisionRefused):
    """The preview was carried out before."""

    code = "already_decided"


class UnreadableToken(DecisionRefused):
    """The token is not one that a preview has given."""

    code = "unreadable_token"


class OtherCount(DecisionRefused):
    """The count differs from that of the preview."""

    code = "other_count"
