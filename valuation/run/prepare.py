"""Makes the approaches of a run ready: trains or loads the model, learns adjustments, reads the tables in force."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.module_loading import import_string

from market_analysis.stats.errors import InsufficientSales
from valuation import cost, methods, reconcile
from valuation.errors import NoEffectiveRates
from valuation.land import allocation
from valuation.land.allocation import Allocation
from valuation.land_shares import shares_of
from valuation.methods import Method
from valuation.methods.cost import COST
from valuation.models import ValuationJob
from valuation.run.approaches import Progress
from valuation.run.errors import NoSchedule, TooFewSales
from valuation.run.prepared import PreparedRun
from valuation.run.records import RunSales
from valuation.schedules import reading


def prepare(job: ValuationJob, market: RunSales, progress: Progress) -> PreparedRun:
    """Raises ``valuation.errors`` where the run's own method cannot be had; another one is left out with a note."""
    ready, own = PreparedRun(), methods.get(job.valuation_method)
    for method, part in _parts(own.approaches(), progress):
        try:
            approach = import_string(method.approach)(job, market, ready, part)
        except (InsufficientSales, NoEffectiveRates) as lacking:
            if method is own:
                raise _failure(lacking) from None
            if isinstance(lacking, InsufficientSales):  # that a county has no tables is no news to it
                ready.notes.append(f"Without {method.short}: {lacking}")
            continue
        if approach is not None:
            ready.approaches[method.name] = approach
    if not ready.approaches:
        raise TooFewSales("No approach to value can be had. " + " ".join(ready.notes))
    if own.reconciles:
        _weigh(ready, job.resolved["confidence"])
    ready.land = _land(job, market)
    return ready


def _parts(those: list[Method], progress: Progress) -> Iterator[tuple[Method, Progress]]:
    """Each method with the part of the progress that its effort makes of the whole."""
    whole = sum(method.effort for method in those) or 1.0
    done = 0.0
    for method in those:
        yield method, _within(progress, done / whole, method.effort / whole)
        done += method.effort


def _within(progress: Progress, begin: float, length: float) -> Progress:
    return lambda share: progress(begin + length * share)


def _weigh(ready: PreparedRun, confidence: float) -> None:
    own = {name: one for name, one in ready.approaches.items() if name not in ready.examples}
    used = own or ready.approaches  # a value rests on examples only where nothing else gives one
    ready.weights = reconcile.weigh({name: one.calibration_sales for name, one in used.items()}, confidence)
    trials = {name: one.trial.calibration_sales for name, one in used.items() if one.trial}
    ready.tried = reconcile.weigh(trials, confidence)


def _land(job: ValuationJob, market: RunSales) -> Allocation:
    own = {kind: reading.read(kind, job.county_id, job.valuation_date, examples=False).rows for kind in COST.tables}
    schedules = cost.Schedules.of(**own, as_of=job.valuation_date)
    return allocation.prepare(market.sales, schedules, job.valuation_date, shares_of(job.county_id))


def _failure(lacking: Exception) -> Exception:
    return (TooFewSales if isinstance(lacking, InsufficientSales) else NoSchedule)(str(lacking))
