"""Makes the approaches of a run ready: trains or loads the model, learns adjustments, reads the tables in force."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from market_analysis.stats.errors import TooFewSales
from valuation import errors, model
from valuation.models import ValuationJob, ValuationModel
from valuation.run.approaches import Approach, MassAppraisal, Progress
from valuation.run.records import Market

if TYPE_CHECKING:
    pass


@dataclass
class Prepared:
    """``approaches`` by name, the run's own first. ``trained`` is a new model, to be kept. ``notes`` tell what is
    left out and why, for people."""

    approaches: dict[str, Approach] = field(default_factory=dict)
    trained: model.MassAppraisal | None = None
    stored: ValuationModel | None = None
    notes: list[str] = field(default_factory=list)


def prepare(job: ValuationJob, market: Market, progress: Progress) -> Prepared:
    """Raises ``valuation.errors`` where the run's own method cannot be had."""
    ready = Prepared()
    try:
        ready.approaches[job.valuation_method] = _mass_appraisal(job, market, ready, progress)
    except TooFewSales as lacking:
        raise errors.TooFewSales(str(lacking)) from None
    return ready


def _mass_appraisal(job: ValuationJob, market: Market, ready: Prepared, progress: Progress) -> Approach:
    wanted = job.resolved
    if stored := wanted.get("model"):
        ready.stored = ValuationModel.objects.filter(pk=stored, county=job.county_id).first()
        if ready.stored is None:
            raise errors.ModelUnusable("The model that the run was to use is gone.")
        try:
            return MassAppraisal(model.load(bytes(ready.stored.artefact)))
        except model.UnreadableModel as unreadable:
            raise errors.ModelUnusable(f"The stored model cannot be used any more: {unreadable}") from unreadable
    options = model.Options(confidence=wanted["confidence"], seed=wanted["seed"])
    ready.trained = model.train(market.sales, job.valuation_date, options, progress)
    return MassAppraisal(ready.trained)
