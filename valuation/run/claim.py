"""The claim on a job, held until a transaction commits."""

from __future__ import annotations

from terrafusion.jobs.errors import ClaimLost
from valuation.models import ValuationJob


def require_claim(job: ValuationJob) -> None:
    """Is the claim still ours? Then no other attempt writes the job's rows before we commit; else ``ClaimLost``."""
    if not ValuationJob.objects.held(job.pk, job.claim_token).select_for_update(of=("self",)).exists():
        raise ClaimLost()
