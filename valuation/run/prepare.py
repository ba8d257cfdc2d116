"""Makes the approaches of a run ready: trains or loads the model, learns adjustments, reads the tables in force."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from market_analysis.stats.errors import TooFewSales
from valuation import comparables, cost, errors, income, mass_appraisal, monotone, reconcile
from valuation.feasible import lacking_tables
from valuation.frames import NoSchedule
from valuation.labels import label
from valuation.land import allocation
from valuation.land.allocation import Allocation
from valuation.land_shares import shares_of
from valuation.mass_appraisal.features import Encoder
from valuation.models import Method, ValuationJob, ValuationModel
from valuation.run.approaches import Approach, Cost, Income, MassAppraisal, Progress, SalesComparison
from valuation.run.records import Market
from valuation.schedules import reading

if TYPE_CHECKING:
    import pandas as pd


_ALL = (Method.MASS_APPRAISAL, Method.SALES_COMPARISON, Method.COST, Method.INCOME)
BESIDE: dict[Method, tuple[str, ...]] = {
    Method.MASS_APPRAISAL: _ALL,
    Method.RECONCILED: _ALL,
    Method.SALES_COMPARISON: (Method.SALES_COMPARISON, Method.COST),
    Method.COST: (Method.COST,),
    Method.INCOME: (Method.INCOME,),
}
"""The approaches that a run makes ready: its own first, then those that are shown beside it."""
_TABLES: dict[Method, tuple[str, ...]] = {
    Method.COST: ("cost", "life", "land"),
    Method.INCOME: ("rents", "rates", "multipliers"),
}


@dataclass
class Prepared:
    """``approaches`` by name, the run's own first. ``weights`` is set where several make the value; ``tried`` are those
    of the trial, one step earlier. ``trained`` is a new model, to be kept. ``notes`` say what is left out and why."""

    approaches: dict[str, Approach] = field(default_factory=dict)
    weights: reconcile.Weights | None = None
    tried: reconcile.Weights | None = None
    trained: mass_appraisal.MassAppraisal | None = None
    stored: ValuationModel | None = None
    notes: list[str] = field(default_factory=list)
    schedules: dict[str, Any] = field(default_factory=dict)
    adjustment_sources: dict[str, str] = field(default_factory=dict)
    adjustment_rates: list[dict[str, Any]] = field(default_factory=list)

    land: Allocation = field(default_factory=Allocation)

    @property
    def examples(self) -> frozenset[str]:
        """The approaches whose tables hold examples."""
        held = {kind for kind, table in self.schedules.items() if table["examples"]}
        return frozenset(name for name, kinds in _TABLES.items() if held.intersection(kinds))


def prepare(job: ValuationJob, market: Market, progress: Progress) -> Prepared:
    """Raises ``valuation.errors`` where the run's own method cannot be had; another one is left out with a note."""
    ready = Prepared()
    makers: dict[str, Callable[[], Approach]] = {
        Method.MASS_APPRAISAL: lambda: _mass_appraisal(job, market, ready, lambda share: progress(0.8 * share)),
        Method.SALES_COMPARISON: lambda: _comparison(job, market, ready, lambda share: progress(0.8 + 0.2 * share)),
        Method.COST: lambda: _cost(job, market, ready),
        Method.INCOME: lambda: _income(job, market, ready),
    }
    for name in BESIDE[Method(job.valuation_method)]:
        if name == Method.SALES_COMPARISON and job.resolved.get("comparables") == 0:
            continue
        try:
            ready.approaches[name] = makers[name]()
        except (TooFewSales, NoSchedule) as lacking:
            if name == job.valuation_method:
                raise _failure(lacking) from None
            if isinstance(lacking, TooFewSales):  # that a county has no tables is no news to it
                ready.notes.append(f"Without {Method(name).short}: {lacking}")
    if not ready.approaches:
        raise errors.TooFewSales("No approach to value can be had. " + " ".join(ready.notes))
    if job.valuation_method == Method.RECONCILED:
        own = {name: one for name, one in ready.approaches.items() if name not in ready.examples}
        used = own or ready.approaches  # a value rests on examples only where nothing else gives one
        confidence = job.resolved["confidence"]
        ready.weights = reconcile.weigh({name: one.held_back for name, one in used.items()}, confidence)
        trials = {name: one.trial.held_back for name, one in used.items() if one.trial}
        ready.tried = reconcile.weigh(trials, confidence)
    ready.land = _land(job, market)
    return ready


def _mass_appraisal(job: ValuationJob, market: Market, ready: Prepared, progress: Progress) -> Approach:
    wanted = job.resolved
    if stored := wanted.get("model"):
        ready.stored = ValuationModel.objects.filter(pk=stored, county=job.county_id).first()
        if ready.stored is None:
            raise errors.ModelUnusable("The model that the run was to use is gone.")
        try:
            return MassAppraisal(mass_appraisal.load(bytes(ready.stored.artefact)))
        except mass_appraisal.UnreadableModel as unreadable:
            raise errors.ModelUnusable(f"The stored model cannot be used any more: {unreadable}") from unreadable
    directions = monotone.directions_of(job.county_id)
    options = mass_appraisal.Options(confidence=wanted["confidence"], seed=wanted["seed"], directions=directions)
    ready.trained = mass_appraisal.train(market.sales, job.valuation_date, options, progress)
    ready.notes += _without_order(directions, ready.trained.trees.encoder)
    return MassAppraisal(ready.trained)


def _comparison(job: ValuationJob, market: Market, ready: Prepared, progress: Progress) -> Approach:
    wanted = job.resolved
    options = comparables.Options(
        count=wanted["comparables"],
        confidence=wanted["confidence"],
        seed=wanted["seed"],
        directions=monotone.directions_of(job.county_id),
    )
    prepared = comparables.prepare(market.sales, job.valuation_date, options, progress)
    ready.adjustment_sources = {name.removeprefix("adjust_"): told for name, told in prepared.sources.items()}
    ready.adjustment_rates = prepared.schedule()
    return SalesComparison(prepared, market.sales)


def _without_order(directions: Mapping[str, int], encoder: Encoder) -> list[str]:
    """Which of the county's monotone characteristics are words in its records, whose order nobody has given."""
    words = [label(name).lower() for name in directions if name in encoder.levels]
    return [f"The records have {name} in words, which have no order: values are not held to one." for name in words]


def _cost(job: ValuationJob, market: Market, ready: Prepared) -> Approach:
    found = _tables(job, ready, Method.COST)
    schedules = cost.Schedules.of(**found, as_of=job.valuation_date)
    wanted = job.resolved
    calibrate, confidence = bool(wanted.get("calibrate")), wanted.get("confidence", 0.9)
    return Cost(cost.prepare(market.sales, schedules, job.valuation_date, calibrate=calibrate, confidence=confidence))


def _land(job: ValuationJob, market: Market) -> Allocation:
    kinds = _TABLES[Method.COST]
    own = {kind: reading.read(kind, job.county_id, job.valuation_date, examples=False).rows for kind in kinds}
    schedules = cost.Schedules.of(**own, as_of=job.valuation_date)
    return allocation.prepare(market.sales, schedules, job.valuation_date, shares_of(job.county_id))


def _income(job: ValuationJob, market: Market, ready: Prepared) -> Approach:
    found = _tables(job, ready, Method.INCOME)
    tables = income.Tables.of(**found, as_of=job.valuation_date)
    confidence = job.resolved.get("confidence", 0.9)
    return Income(income.prepare(market.sales, tables, job.valuation_date, confidence=confidence))


def _tables(job: ValuationJob, ready: Prepared, method: Method) -> dict[str, pd.DataFrame]:
    if lacking := lacking_tables(job.county_id, method, job.valuation_date):
        raise NoSchedule(lacking)
    found = {kind: reading.read(kind, job.county_id, job.valuation_date) for kind in _TABLES[method]}
    ready.schedules |= {kind: table.as_json() for kind, table in found.items()}
    return {kind: table.rows for kind, table in found.items()}


def _failure(lacking: Exception) -> Exception:
    return (errors.TooFewSales if isinstance(lacking, TooFewSales) else errors.NoSchedule)(str(lacking))
