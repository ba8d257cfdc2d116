"""The model of a valuation date: sales up to it go in, values at it come out.

1. Prices are brought to the valuation date by a hedonic index of the sales before it. One encoder turns characteristics
   into the numbers that all models of the date read.
2. What characteristics alone do not explain becomes the levels of nearby earlier sales.
3. A robust hedonic regression and trees on what it leaves learn the log price; they are asked for the valuation date.
4. The same model without the last year values that year's sales: they give the level, the evenness and the intervals.
5. All of it one step earlier is the trial: it is evaluated on the last year's sales, which nothing of it has seen.
6. A small model learns what the large one says, for reasons that are quickly computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from valuation.frames import Floats, Mask, Progress, Values, checked, values_of
from valuation.mass_appraisal import calibration, features, holdout, reasons, trees
from valuation.mass_appraisal.calibration import Calibration, Ends
from valuation.mass_appraisal.features import texts
from valuation.mass_appraisal.history import History, learn_history, with_prices
from valuation.mass_appraisal.holdout import Trial
from valuation.mass_appraisal.reasons import Reasons
from valuation.mass_appraisal.trees import Trees

_THIN = 500  # sales below which values are flagged
_WIDE = 1.0  # width of an interval over its value
_FAR = 3.0  # times the usual distance to the 15th sale
_CHUNK = 20_000


@dataclass(frozen=True)
class TrainingOptions:
    """``confidence`` of the intervals; the same ``seed`` gives the same values. ``directions``: 1 for characteristics
    with which values may only rise, -1 for those with which they may only fall."""

    confidence: float = 0.90
    seed: int = 0
    directions: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class MassAppraisal:
    """A trained model. ``calibration_sales`` are the later sales that calibrated it, with its values of them; ``trial``
    evaluates it, and is None where there are too few sales."""

    as_of: date
    options: TrainingOptions
    facts: dict[str, Any]
    trees: Trees
    calibration: Calibration
    explainer: Reasons
    calibration_sales: pd.DataFrame
    trial: Trial | None

    def value(self, properties: pd.DataFrame, progress: Progress | None = None) -> Values:
        """Values at ``as_of`` of properties with the columns that the sales had; missing ones count as unknown."""
        parts = [(value, low, high) for value, low, high, _ in self._chunks(checked(properties), progress)]
        return self._values(properties, parts)

    def appraise(self, properties: pd.DataFrame, progress: Progress | None = None) -> tuple[Values, pd.DataFrame]:
        """``value`` and ``reasons`` in one pass, which takes half the time of both."""
        parts, dollars = [], []
        for value, low, high, seen in self._chunks(checked(properties), progress):
            parts.append((value, low, high))
            dollars.append(self.explainer.dollars(seen, np.log(value)))
        return self._values(properties, parts), self._reasons(properties, dollars)

    def reasons(self, properties: pd.DataFrame, progress: Progress | None = None) -> pd.DataFrame:
        """Dollars by reason for each property: ``base`` is the usual home's value, a row's sum is the property's."""
        parts = [
            self.explainer.dollars(seen, np.log(value))
            for value, _, _, seen in self._chunks(checked(properties), progress)
        ]
        return self._reasons(properties, parts)

    def _values(self, properties: pd.DataFrame, parts: list[tuple[Floats, Floats, Floats]]) -> Values:
        value, low, high = (np.concatenate(part) for part in zip(*parts, strict=True)) if parts else [np.empty(0)] * 3
        flags = self.trees.encoder.flags(properties)
        reach = self.trees.surroundings.reach(self.trees.encoder.places(properties))
        everywhere = np.ones(len(value), dtype=bool)
        with np.errstate(invalid="ignore"):
            flags["far_from_sales"] = reach > _FAR * self.facts["usual_reach_m"]
        flags["wide_interval"] = (high - low) / value > _WIDE
        flags |= dict.fromkeys(self.facts["flags"], everywhere)
        return values_of(properties.index, value, low, high, flags)

    def _reasons(self, properties: pd.DataFrame, parts: list[Floats]) -> pd.DataFrame:
        matrix = np.concatenate(parts) if parts else np.empty((0, len(self.explainer.names)))
        return pd.DataFrame(matrix, index=properties.index, columns=self.explainer.names)

    def _chunks(
        self, properties: pd.DataFrame, progress: Progress | None
    ) -> Iterator[tuple[Floats, Floats, Floats, Floats]]:
        """Value, low, high and features of so many properties at a time that memory stays flat."""
        for begin in range(0, len(properties), _CHUNK):
            some = properties.iloc[begin : begin + _CHUNK]
            seen, raw = self.trees.read(some, np.zeros(len(some)))
            value, low, high = self.calibration.apply(self.trees.steady(seen), raw)
            yield np.exp(value), np.exp(low), np.exp(high), seen
            if progress:
                progress(min(begin + _CHUNK, len(properties)) / len(properties))


def train(
    sales: pd.DataFrame, as_of: date, options: TrainingOptions | None = None, progress: Progress | None = None
) -> MassAppraisal:
    """Learn from screened sales up to ``as_of``; later ones are not looked at.

    Raises ``market_analysis.stats.errors.InsufficientSales`` below 100 sales, ``UnusableInput`` for a frame
    without prices or dates.
    """
    options, report = options or TrainingOptions(), progress or (lambda _: None)
    history = learn_history(checked(sales, ("sale_price", "sale_date")), as_of)
    known, held = history.sales, history.held
    encoder = features.learn(known, as_of, ~held, options.directions)
    earlier = holdout.earlier(history)
    shares = dict.fromkeys(("before", "full") if earlier is None else ("first", "before", "full"), 0.0)

    def learn(name: str, by: History, rows: Mask) -> Trees:
        def done(share: float) -> None:
            shares[name] = share
            report(0.95 * sum(shares.values()) / len(shares))

        return trees.learn(encoder, by.sales[rows], by.log_price[rows], by.years[rows], by.as_of, options.seed, done)

    def every(by: History) -> Mask:
        return np.ones(len(by.sales), dtype=bool)

    # The learnings need nothing of each other, and their trees leave Python's lock: a second core is used.
    with ThreadPoolExecutor(1) as pool:
        learning = pool.submit(learn, "full", history, every(history))
        trial = None
        if earlier is None:
            seen, raw = _predicted(history, learn("before", history, ~held))
        else:
            first, before = learn("first", earlier, ~earlier.held), learn("before", earlier, every(earlier))
            trial, seen, raw = _trial(history, earlier, first, before, options)
            raw = raw + holdout.between(history, earlier)
        calibrated, unseen = _calibrated(history, seen, raw, options)
        full = learning.result()
    now, raw_now = full.read(known, np.zeros(len(known)))
    said, _, _ = calibrated.apply(full.steady(now), raw_now)
    report(0.95)
    explainer = reasons.learn(now, full.reasons, said, options.seed, encoder.directions)
    reach = full.surroundings.reach(full.encoder.places(known))
    facts = {
        **history.facts,
        "flags": [*history.flags, *(["thin_data"] if len(known) < _THIN else [])],
        "usual_reach_m": float(np.nanmedian(reach)) if np.isfinite(reach).any() else float("inf"),
        "not_evaluated": "" if trial else holdout.withheld(known, as_of),
    }
    report(1.0)
    frame = with_prices(history, _dollars(history, unseen))
    return MassAppraisal(as_of, options, facts, full, calibrated, explainer, frame, trial)


def _predicted(history: History, before: Trees) -> tuple[Floats, Floats]:
    """Features of the holdout sales, and what a model that learned from those before says of them, in logs."""
    seen, raw = before.read(history.sales[history.held], np.full(int(history.held.sum()), history.held_from))
    return before.steady(seen), raw


def _calibrated(history: History, seen: Floats, raw: Floats, options: TrainingOptions) -> tuple[Calibration, Ends]:
    held = history.held
    grades = texts(history.sales[held], "quality").tolist()
    return calibration.learn(
        seen, raw, history.log_price[held], grades, history.error, options.confidence, options.seed
    )


def _trial(
    history: History, earlier: History, first: Trees, before: Trees, options: TrainingOptions
) -> tuple[Trial, Floats, Floats]:
    """The trial, and what ``before``, the model of all its sales, says of the holdout ones: features and logs."""
    seen, raw = _predicted(earlier, first)
    calibrated, unseen = _calibrated(earlier, seen, raw, options)
    change = np.exp(holdout.market_change(history))
    calibrating = _dollars(earlier, unseen) * change
    later, said = before.read(history.sales[history.held], np.zeros(int(history.held.sum())))
    later = before.steady(later)
    later_values = _dollars(history, calibrated.apply(later, said)) * change
    return holdout.trial(history, earlier, calibrating, later_values), later, said


def _dollars(history: History, ends: Ends) -> pd.DataFrame:
    """``value``, ``low`` and ``high`` of the holdout sales, by the rows of ``history.sales``."""
    named = zip(("value", "low", "high"), ends, strict=True)
    return pd.DataFrame({name: np.exp(logs) for name, logs in named}, index=np.flatnonzero(history.held))
