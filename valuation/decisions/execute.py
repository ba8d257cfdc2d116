"""Makes a decision that was previewed. The only place that moves a state.

Each is one transaction: all of the values that are meant, or none. Decisions of a county queue up behind each other,
so two people who certify at once cannot both win. A decision is made while its request waits, 100,000 values in some
ten seconds, so there is a limit to how many one can be about.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from terrafusion import web_queries
from terrafusion.records import certified
from terrafusion.words import counted
from valuation.decisions import entries, token
from valuation.decisions.asked import DecisionRequest
from valuation.decisions.errors import AlreadyDecided, OtherCount
from valuation.decisions.figures import with_figures
from valuation.decisions.preview import figures
from valuation.decisions.ready import READY, meant
from valuation.decisions.rules import RULES
from valuation.models import Decision, PropertyValuation, Step, ValuationJob
from valuation.values import lock_decisions, made_by

_MAX_SECONDS = 600
"""Of each of its queries, and of the wait for the decision before it."""


def decide(job: ValuationJob, user: User, request: DecisionRequest, seal: str, count: int) -> Decision:
    """Carry out what the preview with the token ``seal`` showed. Raises ``Refused``, with nothing changed. The caller
    has seen to the rights (``RULES``) and to the form of the request."""
    with transaction.atomic(), connection.cursor() as cursor:
        # 1. One decision of a county at a time.
        web_queries.allow(cursor, _MAX_SECONDS)
        lock_decisions(job.county_id)
        # 2. What is meant, which must be what was seen.
        _refuse_repeated(seal)
        shown = figures(job, user, request)
        preview = token.check(seal, token.PreviewBinding.of(user, job.pk, request, shown.state))
        if count != shown.count:
            raise OtherCount(f"The preview counted {counted(shown.count, 'value')}, not {count:,}: nothing was done.")
        # 3. The record of it, then the values themselves.
        values = with_figures(meant(job, user, request), request).filter(outcome=READY).order_by("pk")
        ids = list(values.select_for_update(of=("self",)).values_list("pk", flat=True))
        decision = _record(cursor, job, user, request, preview, ids)
        _move(cursor, decision, request)
        # 4. What is certified: the history, and the parcels' current values.
        if request.step in (Step.CERTIFY, Step.CORRECT):
            entries.add(cursor, decision, job)
        if request.step in (Step.CORRECT, Step.REVOKE):
            certified.leave(cursor, job.county_id, decision.pk)
        certified.follow(cursor, job.county_id)
    return decision


def _refuse_repeated(seal: str) -> None:
    """Before anything else: once a preview is carried out, there may be nothing left that is ready."""
    preview = token.preview_of(seal)
    if preview and (made := Decision.objects.filter(preview=preview).first()):
        raise AlreadyDecided(f"This preview was carried out already, as decision {made.pk}: nothing was done again.")


def _record(
    cursor: CursorWrapper,
    job: ValuationJob,
    user: User,
    request: DecisionRequest,
    preview: uuid.UUID,
    ids: Sequence[int],
) -> Decision:
    effective, tax_year = request.effective_date, request.tax_year
    if request.step == Step.CORRECT:
        effective, tax_year = PropertyValuation.objects.values_list("effective_date", "tax_year").get(pk__in=ids)
    decision = Decision.objects.create(
        county_id=job.county_id,
        job_id=made_by(job),
        step=request.step,
        decided_by=user,
        reason=request.reason,
        selection=request.selection.as_json(),
        effective_date=effective,
        tax_year=tax_year,
        parcels=len(ids),
        preview=preview,
        revokes=request.decision,
    )
    # Of a revoked override the value after it is the one before that.
    cursor.execute(
        "INSERT INTO valuation_decidedvalue "
        "(decision_id, valuation_id, state_before, value_before, value_after) "
        "SELECT %s, v.id, v.state, coalesce(v.override_value, v.value), "
        "CASE WHEN d.step = 'override' THEN o.value_before ELSE coalesce(%s, v.override_value, v.value) END "
        "FROM valuation_propertyvaluation v LEFT JOIN valuation_decision d ON d.id = %s "
        "LEFT JOIN valuation_decidedvalue o ON o.decision_id = d.id AND o.valuation_id = v.id WHERE v.id = ANY(%s)",
        [decision.pk, request.value, decision.revokes_id, list(ids)],
    )
    return decision


def _move(cursor: CursorWrapper, decision: Decision, request: DecisionRequest) -> None:
    if request.decision is not None:
        entries.mark(cursor, decision, request.decision.effective_date)
        _move_back(cursor, decision, request.decision)
        return
    columns: dict[str, Any] = {"state": RULES[request.step].ends}
    if request.step in (Step.OVERRIDE, Step.CORRECT):
        columns["override_value"] = request.value
    if request.step == Step.CERTIFY:
        columns |= {"effective_date": request.effective_date, "tax_year": request.tax_year}
    if request.step == Step.CORRECT:
        entries.mark(cursor, decision, decision.effective_date)
    PropertyValuation.objects.filter(decisions__decision=decision).update(**columns)


def _move_back(cursor: CursorWrapper, decision: Decision, revoked: Decision) -> None:
    """Each value to the state it had before the revoked decision; after an override also to its figure."""
    figure = "NULLIF(o.value_before, v.value)" if revoked.step == Step.OVERRIDE else "v.override_value"
    cursor.execute(
        f"UPDATE valuation_propertyvaluation v SET state = o.state_before, override_value = {figure}, "  # noqa: S608
        "effective_date = NULL, tax_year = NULL FROM valuation_decidedvalue o, valuation_decidedvalue r "
        "WHERE o.decision_id = %s AND o.valuation_id = v.id AND r.decision_id = %s AND r.valuation_id = v.id",
        [revoked.pk, decision.pk],
    )
