"""A run that gives values: sales -> approaches -> values a chunk at a time -> rows and files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from django.db import connection, transaction

from terrafusion.jobs.context import JobContext, Outcome
from terrafusion.records.models import CountySettings
from terrafusion.words import counted
from valuation import flags
from valuation import scope as scopes
from valuation.assessment import classes_of
from valuation.errors import UnusableInput
from valuation.mass_appraisal import holdout
from valuation.models import EvaluationSale, PropertyValuation, State, ValuationJob, ValuationModel
from valuation.plain_values import plain
from valuation.run import evaluation, files, model_storage, records, store
from valuation.run.approaches import ApproachResult
from valuation.run.balance import BalanceSample, unbalanced
from valuation.run.claim import require_claim
from valuation.run.errors import NothingToValue, UnusableData
from valuation.run.parallel import in_order
from valuation.run.prepare import prepare
from valuation.run.prepared import PreparedRun
from valuation.run.rows import Chosen, ValuationRows, rows

if TYPE_CHECKING:
    import numpy.typing as npt

    from valuation.run.records import RunSales

_READ, _READY, _VALUED = 3, 50, 95  # percent of the progress


def run(job: ValuationJob, context: JobContext) -> Outcome:
    """Everything that a run leaves in the database is committed in one transaction, at its end."""
    context.checkpoint(0, "Reading sales.")
    with _stoppable(context):
        market = records.market(job.county_id, job.valuation_date, job.resolved.get("screening") or {})
    with transaction.atomic():
        return _Run(job, context, market).outcome()


def _stoppable(context: JobContext) -> AbstractContextManager[None]:
    connection.ensure_connection()
    return context.stop_with(connection.connection.cancel_safe)


class _Run:
    """One attempt. ``outcome`` does it all; the rest are its steps, in order."""

    def __init__(self, job: ValuationJob, context: JobContext, market: RunSales) -> None:
        self.job, self.context, self.market = job, context, market
        self.scope = scopes.of_job(job)
        self.step = _rounding(job.county_id)
        self.flags: Counter[str] = Counter()
        self.land: Counter[str] = Counter()
        self.groups: Counter[tuple[str, str]] = Counter()
        self.totals = {"value": 0, "previous_value": 0, "value_of_previous": 0}
        self.valued = self.refused = self.flagged = 0

    def outcome(self) -> Outcome:
        job, context = self.job, self.context
        ids = records.parcel_ids(self.scope)
        if not len(ids):
            raise NothingToValue("No parcel is in the scope any more.")
        context.checkpoint(_READ, f"{counted(len(self.market.sales), 'sale')} passed the screening.")
        try:
            ready = prepare(job, self.market, self._progress(_READ, _READY, "Learning from sales."))
        except UnusableInput as unusable:
            raise UnusableData(str(unusable)) from unusable
        # What a lost attempt may have left.
        store.clear(job, PropertyValuation, EvaluationSale)
        sales = self._holdout(ready)
        study, about = None, evaluation.withheld(holdout.withheld(self.market.sales, job.valuation_date))
        if sales is not None:
            error = max(one.trial.error for one in ready.approaches.values() if one.trial)
            study, about = evaluation.evaluate(sales, error, classes_of(job.county_id))
            evaluation.store(job, sales)
        self.compared = BalanceSample(self.market.sales, job.valuation_date, len(ids))
        written = self._value(ids, ready)
        balance = self.compared.figures(job.resolved.get("seed", 0))
        model = model_storage.model(job, ready, self.market, balance)
        summary = self._summary(ready, about, balance, model)
        file = files.package(context, job, written, sales, summary, model)
        require_claim(job)
        return Outcome(
            message=self._message(ready, about, balance),
            file=file,
            summary=summary,
            columns={
                "parcels_valued": self.valued,
                "parcels_refused": self.refused,
                "parcels_flagged": self.flagged,
                "total_value": self.totals["value"],
                "median_ratio": evaluation.figure(study, "median"),
                "cod": evaluation.figure(study, "cod"),
                "model": model,
            },
        )

    def _progress(self, begin: float, end: float, message: str) -> Callable[[float], None]:
        return lambda share: self.context.checkpoint(begin + share * (end - begin), message)

    def _value(self, ids: npt.NDArray[np.int64], ready: PreparedRun) -> list[Path]:
        """Value the parcels, a chunk at a time: store its rows, count them, and add them to the files, whose paths are
        returned. No more than a few chunks are in memory."""
        done = 0
        with files.ValuesFiles(self.context, self.job) as table:
            for parcels, chosen, chunk in self._chunks(ids, ready):
                self._store(chunk)
                self._count(chunk)
                self.compared.add(parcels, chosen.values)
                table.add(chunk)
                done += len(chunk)
                self._progress(_READY, _VALUED, f"{done:,} of {counted(len(ids), 'parcel')}.")(done / len(ids))
        return table.paths

    def _chunks(
        self, ids: npt.NDArray[np.int64], ready: PreparedRun
    ) -> Iterator[tuple[pd.DataFrame, Chosen, ValuationRows]]:
        """The parcels of each chunk with their values, two chunks at a time, in order; stores nothing."""

        def value(parcels: pd.DataFrame) -> tuple[pd.DataFrame, Chosen, ValuationRows]:
            results = {name: approach.value(parcels) for name, approach in ready.approaches.items()}
            chosen = choose(self.job.valuation_method, parcels, results, ready)
            made = rows(parcels, results, chosen, step=self.step, land=ready.land, examples=ready.examples)
            return parcels, chosen, made

        return in_order(value, records.chunks(ids))

    def _store(self, chunk: ValuationRows) -> None:
        job = self.job
        store.copy(PropertyValuation, chunk.columns, county_id=job.county_id, job_id=job.pk, state=State.PROPOSED.value)

    def _count(self, batch: ValuationRows) -> None:
        value = batch.columns["value"].to_pandas().to_numpy(dtype=float, na_value=np.nan)
        previous = batch.columns["previous_value"].to_pandas().to_numpy(dtype=float, na_value=np.nan)
        known, both = np.isfinite(value), np.isfinite(value) & np.isfinite(previous)
        self.valued += int(known.sum())
        self.refused += int((~known).sum())
        self.flagged += sum(1 for codes, has in zip(batch.flags, known, strict=True) if codes and has)
        self.flags.update(code for codes in batch.flags for code in codes)
        self.land.update(source for source in batch.columns["land_source"].to_pylist() if source)
        self.totals["value"] += int(value[known].sum())
        self.totals["previous_value"] += int(previous[both].sum())
        self.totals["value_of_previous"] += int(value[both].sum())

    def _holdout(self, ready: PreparedRun) -> pd.DataFrame | None:
        """The sales that the run's method is evaluated on, with their keys."""
        sales = holdout_of(self.job.valuation_method, ready)
        if sales is None or not len(sales):
            return None
        return sales.join(self.market.sales[["sale", "parcel_number"]], how="left")

    def _summary(
        self, ready: PreparedRun, about: dict[str, Any], balance: dict[str, Any], model: ValuationModel | None
    ) -> dict[str, Any]:
        summary = {
            "parcels": {"valued": self.valued, "refused": self.refused, "flagged": self.flagged},
            "totals": self.totals,
            "flags": [{**one, "parcels": self.flags[one["code"]]} for one in flags.described(sorted(self.flags))],
            "screening": self.market.screening,
            "evaluation": about,
            "balance": balance,
            "weights": ready.weights.table() if ready.weights else None,
            "schedules": ready.schedules,
            "land": ready.land.as_json() | {"parcels": dict(self.land)},
            "adjustment_sources": ready.adjustment_sources,
            "adjustment_rates": ready.adjustment_rates,
            "model_id": str(model.pk) if model else None,
            "rounded_to": self.step,
            "data_version": self.market.data_version,
            "notes": [*self.scope.notes, *ready.notes, *self._changed()],
        }
        plain_summary: dict[str, Any] = plain(summary)
        return plain_summary

    def _changed(self) -> list[str]:
        if records.data_version(self.job.county_id) == self.market.data_version:
            return []
        return ["Parcels or sales were changed while the run read them."]

    def _message(self, ready: PreparedRun, about: dict[str, Any], balance: dict[str, Any]) -> str:
        valued = f"{counted(self.valued, 'parcel')} valued."
        if self.refused:
            valued += f" {self.refused:,} could not be: their flags say why."
        return " ".join([valued, evaluation.sentence(about), *unbalanced(balance), *ready.notes])


def choose(method: str, parcels: pd.DataFrame, results: dict[str, ApproachResult], ready: PreparedRun) -> Chosen:
    """What stands of the approaches' values, and their shares in it."""
    if ready.weights is not None:
        together = ready.weights.apply({name: result.values for name, result in results.items()}, parcels)
        return Chosen(together.values, together.shares)
    own = results[method].values
    return Chosen(own, pd.DataFrame({method: 1.0}, index=own.values.index))


def holdout_of(method: str, ready: PreparedRun) -> pd.DataFrame | None:
    """The sales that evaluate the run's method, valued one step earlier. Reconciled: those of any approach."""
    if ready.tried is None:
        trial = ready.approaches[method].trial
        return None if trial is None else trial.holdout_sales
    trials = {name: one.trial.holdout_sales for name, one in ready.approaches.items() if one.trial}
    return ready.tried.together(trials)


def _rounding(county_id: str) -> int:
    return CountySettings.of(county_id).value_rounding
