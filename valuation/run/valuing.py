"""A run that gives values: sales -> approaches -> values a chunk at a time -> rows and files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from django.db import connection, transaction

from terrafusion.jobs.context import JobContext, Outcome
from terrafusion.records.models import CountySettings
from valuation import errors, flags
from valuation import scope as scopes
from valuation.frames import UnusableInput, Values
from valuation.models import JudgedSale, Method, PropertyValuation, State, ValuationJob
from valuation.run import evaluation, files, keep, records, store
from valuation.run.ahead import in_order
from valuation.run.approaches import Result
from valuation.run.hold import hold
from valuation.run.prepare import Prepared, prepare
from valuation.run.rows import Chosen, Rows, rows
from valuation.told import plain

if TYPE_CHECKING:
    from valuation.run.records import Market

_BY_TABLES = (Method.COST, Method.INCOME, Method.RECONCILED)  # whose values rest on the county's tables
_READ, _READY, _VALUED = 3, 50, 95  # percent of the progress


def run(job: ValuationJob, context: JobContext) -> Outcome:
    """Everything that a run leaves in the database is committed in one transaction, at its end."""
    context.checkpoint(0, "Reading sales.")
    with _stoppable(context):
        market = records.market(job.county_id, job.valuation_date, job.resolved.get("screening") or {})
    with transaction.atomic():
        return _Run(job, context, market).outcome()


def _stoppable(context: JobContext) -> Any:
    connection.ensure_connection()
    return context.stop_with(connection.connection.cancel_safe)


class _Run:
    """One attempt. ``outcome`` does it all; the rest are its steps, in order."""

    def __init__(self, job: ValuationJob, context: JobContext, market: Market) -> None:
        self.job, self.context, self.market = job, context, market
        self.scope = scopes.of_job(job)
        self.step = _rounding(job.county_id)
        self.flags: Counter[str] = Counter()
        self.groups: Counter[tuple[str, str]] = Counter()
        self.totals = {"value": 0, "previous_value": 0, "value_of_previous": 0}
        self.valued = self.refused = self.flagged = 0

    def outcome(self) -> Outcome:
        job, context = self.job, self.context
        ids = records.parcel_ids(self.scope)
        if not len(ids):
            raise errors.NothingToValue("No parcel is in the scope any more.")
        context.checkpoint(_READ, f"{len(self.market.sales):,} sales passed the screening.")
        try:
            ready = prepare(job, self.market, self._progress(_READ, _READY, "Learning from sales."))
        except UnusableInput as unusable:
            raise errors.UnusableData(str(unusable)) from unusable
        # What a lost attempt may have left.
        store.clear(job, PropertyValuation, JudgedSale)
        judged = self._judged(ready)
        coverage = None if ready.weights else ready.approaches[job.valuation_method].coverage
        study, told = evaluation.judge(judged, coverage) if judged is not None else (None, None)
        if judged is not None:
            evaluation.store(job, judged)
        model = keep.model(job, ready, self.market, None if ready.weights else told)
        written = files.write_values(context, job, self._valued(ids, ready))
        summary = self._summary(ready, told, model)
        file = files.package(context, job, written, judged, summary, model)
        hold(job)
        return Outcome(
            message=self._message(ready),
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

    def _valued(self, ids: Any, ready: Prepared) -> Iterator[Rows]:
        """Chunk by chunk, valued two at a time, stored in their order as they come."""
        more = "example_schedule" if ready.examples and self.job.valuation_method in _BY_TABLES else ""

        def value(parcels: pd.DataFrame) -> Rows:
            results = {name: approach.value(parcels) for name, approach in ready.approaches.items()}
            chosen = choose(self.job.valuation_method, parcels, results, ready)
            return rows(parcels, results, chosen, step=self.step, more=more)

        done = 0
        for found in in_order(value, records.chunks(ids)):
            store.copy(
                PropertyValuation,
                found.columns,
                county_id=self.job.county_id,
                job_id=self.job.pk,
                state=State.PROPOSED.value,
            )
            self._count(found)
            done += len(found)
            share = done / len(ids)
            self.context.checkpoint(_READY + share * (_VALUED - _READY), f"{done:,} of {len(ids):,} parcels.")
            yield found

    def _count(self, found: Rows) -> None:
        value = found.columns["value"].to_pandas().to_numpy(dtype=float, na_value=np.nan)
        previous = found.columns["previous_value"].to_pandas().to_numpy(dtype=float, na_value=np.nan)
        known, both = np.isfinite(value), np.isfinite(value) & np.isfinite(previous)
        self.valued += int(known.sum())
        self.refused += int((~known).sum())
        self.flagged += sum(1 for codes, has in zip(found.flags, known, strict=True) if codes and has)
        self.flags.update(code for codes in found.flags for code in codes)
        self.totals["value"] += int(value[known].sum())
        self.totals["previous_value"] += int(previous[both].sum())
        self.totals["value_of_previous"] += int(value[both].sum())

    def _judged(self, ready: Prepared) -> pd.DataFrame | None:
        """The held-back sales of the run's own method, with their keys."""
        held = held_back(self.job.valuation_method, self.market.sales, ready)
        if held is None or not len(held):
            return None
        return held.join(self.market.sales[["sale", "parcel_number"]], how="left")

    def _summary(self, ready: Prepared, told: dict[str, Any] | None, model: Any) -> dict[str, Any]:
        summary = {
            "parcels": {"valued": self.valued, "refused": self.refused, "flagged": self.flagged},
            "totals": self.totals,
            "flags": [{**one, "parcels": self.flags[one["code"]]} for one in flags.told(sorted(self.flags))],
            "screening": self.market.screening,
            "evaluation": told,
            "weights": ready.weights.table() if ready.weights else None,
            "schedules": ready.schedules,
            "adjustment_sources": ready.adjustment_sources,
            "model_id": str(model.pk) if model else None,
            "rounded_to": self.step,
            "data_version": self.market.data_version,
            "notes": [*self.scope.notes, *ready.notes, *self._changed()],
        }
        found: dict[str, Any] = plain(summary)
        return found

    def _changed(self) -> list[str]:
        if records.data_version(self.job.county_id) == self.market.data_version:
            return []
        return ["Parcels or sales were changed while the run read them."]

    def _message(self, ready: Prepared) -> str:
        told = f"{self.valued:,} parcels valued."
        if self.refused:
            told += f" {self.refused:,} could not be: their flags say why."
        return " ".join([told, *ready.notes])


def choose(method: str, parcels: pd.DataFrame, results: dict[str, Result], ready: Prepared) -> Chosen:
    """What stands of the approaches' values, and their shares in it."""
    if ready.weights is not None:
        together = ready.weights.apply({name: result.values for name, result in results.items()}, parcels)
        return Chosen(together.values, together.shares)
    own = results[method].values
    return Chosen(own, pd.DataFrame({method: 1.0}, index=own.values.index))


def held_back(method: str, sales: pd.DataFrame, ready: Prepared) -> pd.DataFrame | None:
    """The sales that the run's method was judged on. Reconciled: those of any approach, as if they were parcels."""
    if ready.weights is None:
        return ready.approaches[method].held_back
    held = {name: found.held_back for name, found in ready.approaches.items() if found.held_back is not None}
    if not held:
        return None
    every = pd.concat(held.values())
    every = every[~every.index.duplicated()].sort_index()
    values = {name: _as_values(frame, every.index) for name, frame in held.items()}
    together = ready.weights.apply(values, sales.loc[every.index]).values.values
    return every.loc[together.index].assign(**{name: together[name] for name in ("value", "low", "high")})


def _as_values(frame: pd.DataFrame, index: pd.Index[Any]) -> Values:
    there = index.intersection(frame.index)
    none = index.difference(frame.index)
    return Values(
        values=frame.loc[there, ["value", "low", "high"]],
        flags=pd.Series([()] * len(there), index=there, dtype=object),
        refused=pd.Series("no_approach", index=none, dtype=object),
    )


def _rounding(county_id: str) -> int:
    return CountySettings.of(county_id).value_rounding
