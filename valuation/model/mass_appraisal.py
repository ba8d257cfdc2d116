"""The model of a valuation date: sales up to it go in, values at it come out.

1. Prices are brought to the valuation date by a hedonic index of the sales before it.
2. What characteristics alone do not explain becomes the levels of nearby earlier sales.
3. A robust hedonic regression and trees on what it leaves learn the log price; they are asked for the valuation date.
4. The same model without the last year is judged on that year: its stretch, level and intervals are then ours.
5. A small model learns what the large one says, for reasons that are quickly told.
"""

from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from valuation.frames import Floats, Progress, Values, checked, values_of
from valuation.model import calibration, reasons, trees
from valuation.model.calibration import Calibration
from valuation.model.history import History, judged, learn_history
from valuation.model.reasons import Reasons
from valuation.model.trees import Trees

_THIN = 500  # sales below which values are flagged
_WIDE = 1.0  # width of an interval over its value
_FAR = 3.0  # times the usual distance to the 15th sale
_CHUNK = 20_000


@dataclass(frozen=True)
class Options:
    """``confidence`` of the intervals; the same ``seed`` gives the same values."""

    confidence: float = 0.90
    seed: int = 0


@dataclass(frozen=True)
class MassAppraisal:
    """A trained model. ``held_back`` are the later sales that judged and calibrated it, with what it said of them."""

    as_of: date
    options: Options
    facts: dict[str, Any]
    trees: Trees
    calibration: Calibration
    explainer: Reasons
    held_back: pd.DataFrame

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
        found = np.concatenate(parts) if parts else np.empty((0, len(self.explainer.names)))
        return pd.DataFrame(found, index=properties.index, columns=self.explainer.names)

    def _chunks(self, properties: pd.DataFrame, progress: Progress | None) -> Any:
        """Value, low, high and features of so many properties at a time that memory stays flat."""
        for begin in range(0, len(properties), _CHUNK):
            some = properties.iloc[begin : begin + _CHUNK]
            seen = self.trees.features(some, np.zeros(len(some)))
            raw = self.trees.predict(seen)
            value, low, high = self.calibration.apply(seen, raw)
            yield np.exp(value), np.exp(low), np.exp(high), seen
            if progress:
                progress(min(begin + _CHUNK, len(properties)) / len(properties))


def train(
    sales: pd.DataFrame, as_of: date, options: Options | None = None, progress: Progress | None = None
) -> MassAppraisal:
    """Learn from screened sales up to ``as_of``; later ones are not looked at.

    Raises ``market_analysis.stats.errors.TooFewSales`` below 100 sales, ``frames.UnusableInput`` for a frame without
    prices or dates.
    """
    options, told = options or Options(), progress or (lambda _: None)
    history = learn_history(checked(sales, ("sale_price", "sale_date")), as_of)
    known, log_price, years = history.sales, history.log_price, history.years
    held = history.held
    shares = {"before": 0.0, "full": 0.0}

    def tell(which: str, done: float) -> None:
        shares[which] = done
        told(0.45 * sum(shares.values()))

    # The two learnings need nothing of each other, and their trees leave Python's lock: a second core is used.
    with ThreadPoolExecutor(1) as pool:
        learning = pool.submit(
            trees.learn, known, log_price, years, as_of, options.seed, functools.partial(tell, "full")
        )
        before = trees.learn(
            known[~held], log_price[~held], years[~held], as_of, options.seed, functools.partial(tell, "before")
        )
        seen = before.features(known[held], np.full(int(held.sum()), history.held_from))
        raw = before.predict(seen)
        calibrated = calibration.learn(seen, raw, log_price[held], options.confidence, options.seed)
        full = learning.result()
    now = full.features(known, np.zeros(len(known)))
    said, _, _ = calibrated.apply(now, full.predict(now))
    told(0.95)
    explainer = reasons.learn(now, full.reasons, said, options.seed)
    reach = full.surroundings.reach(full.encoder.places(known))
    facts = {
        **history.facts,
        "flags": [*history.flags, *(["thin_data"] if len(known) < _THIN else [])],
        "usual_reach_m": float(np.nanmedian(reach)) if np.isfinite(reach).any() else float("inf"),
    }
    told(1.0)
    return MassAppraisal(as_of, options, facts, full, calibrated, explainer, _judged(history, calibrated, seen, raw))


def _judged(history: History, calibrated: Calibration, seen: Floats, raw: Floats) -> pd.DataFrame:
    told = zip(("value", "low", "high"), calibrated.apply(seen, raw), strict=True)
    values = {name: np.exp(logs) for name, logs in told}
    return judged(history, pd.DataFrame(values, index=np.flatnonzero(history.held)))
