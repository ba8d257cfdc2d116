"""Who may take which step, from which states, to which; and until when a decision can be revoked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from terrafusion.records import county_time
from terrafusion.records.access import Role
from terrafusion.records.models import CountySettings
from terrafusion.words import counted
from valuation.decisions.errors import NotDecidable, TooLate
from valuation.models import Decision, State, Step


@dataclass(frozen=True)
class Rule:
    """``begins`` and ``ends`` are empty where the decision that is revoked says them."""

    role: Role
    begins: tuple[State, ...] = ()
    ends: State | None = None


RULES = {
    Step.OVERRIDE: Rule(Role.ANALYST, (State.PROPOSED, State.REVIEWED, State.REJECTED), State.PROPOSED),
    Step.REVIEW: Rule(Role.MANAGER, (State.PROPOSED,), State.REVIEWED),
    Step.SEND_BACK: Rule(Role.MANAGER, (State.REVIEWED, State.REJECTED), State.PROPOSED),
    Step.REJECT: Rule(Role.MANAGER, (State.PROPOSED, State.REVIEWED), State.REJECTED),
    Step.CERTIFY: Rule(Role.ASSESSOR, (State.REVIEWED,), State.CERTIFIED),
    Step.CORRECT: Rule(Role.ASSESSOR, (State.CERTIFIED,), State.CERTIFIED),
    Step.REVOKE: Rule(Role.ASSESSOR),
}
FIXED = (Step.CORRECT, Step.REVOKE)
"""Steps that cannot be revoked: what came before is corrected, or decided, anew."""


def refuse_too_late(decision: Decision) -> None:
    """A decision can be revoked for the county's ``revocation_days``; a certification also until its date."""
    if decision.step in FIXED:
        raise NotDecidable(
            f"A decision to {decision.step} is not revoked: correct the value again, or decide about it anew."
        )
    days = CountySettings.of(decision.county_id).revocation_days
    last = decision.decided_at + timedelta(days=days)
    waiting = decision.effective_date is not None and county_time.today(decision.county_id) < decision.effective_date
    if timezone.now() > last and not waiting:
        began = f" and its effective date, {decision.effective_date}, has come" if decision.effective_date else ""
        raise TooLate(
            f"The decision of {decision.decided_at:%Y-%m-%d} can no longer be revoked: the county's "
            f"{counted(days, 'day')} (revocation_days) ended on {last:%Y-%m-%d}{began}. Correct "
            "single values (step correct), or certify for another date."
        )
