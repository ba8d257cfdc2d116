"""Level, evenness and intervals, learned from later sales that the model did not see."""

from __future__ import annotations

from dataclasses import dataclass, replace

import lightgbm
import numpy as np
from scipy.optimize import isotonic_regression

from valuation.frames import Floats
from valuation.intervals import reach, widen
from valuation.mass_appraisal import boosting
from valuation.ratio.intervals import median_interval

_HALVINGS = 5  # of the holdout sales, each for two models of the spread
_FLOOR = 0.02  # a spread in logs below which none is believed
_MIN_FOR_SPREADS = 200  # sales from which on the spread of one property is distinguished from that of another
_DECILES = 10
_MIN_FOR_DECILES = 200
_MAXIMUM = 0.10  # logs by which values are corrected at most: more is no matter of calibration
_BOUNDS = (np.log(0.97), np.log(1.03))  # of a median ratio, within which nothing is corrected

Ends = tuple[Floats, Floats, Floats]
"""Log value and the ends of its interval, which it lies between."""


@dataclass(frozen=True)
class Calibration:
    """log value = raw + level + what ``steps`` say at raw; its interval reaches ``low`` and ``high`` spreads from it,
    and further by ``error``, the standard error in logs of the market's level.

    ``steps`` is a line through the points (``at``, ``steps``), flat beyond; both are empty where the model is even.
    """

    level: float
    at: tuple[float, ...]
    steps: tuple[float, ...]
    spread: float
    spreads: list[lightgbm.Booster]
    low: float
    high: float
    error: float
    confidence: float

    def apply(self, features: Floats, raw: Floats) -> Ends:
        spread = _spread(self.spreads, features, raw) if self.spreads else np.full(len(raw), self.spread)
        return self._ends(raw, spread)

    def _ends(self, raw: Floats, spread: Floats) -> Ends:
        value = raw + self.level + _line(raw, self.at, self.steps)
        low, high = widen(min(self.low, 0.0) * spread, max(self.high, 0.0) * spread, self.error, self.confidence)
        return value, value + low, value + high


def learn(
    features: Floats, raw: Floats, log_price: Floats, grades: list[str], error: float, confidence: float, seed: int
) -> tuple[Calibration, Ends]:
    """From holdout sales: what the model said (``raw``) and what they sold for, both in logs at one date, and the
    grade of each, which a correction by value must not make less even.

    With it come the values of these sales and their intervals without ``error``, each by spreads that have not seen the
    sale. Intervals by ``apply`` hold more of these sales than they claim: what is fitted to them would be too narrow.

    Conformal prediction on residuals over an estimated spread (Lei et al. 2018, section 5.2), tail by tail, the spread
    of each sale by the models that have not seen it (Johansson et al. 2014).
    """
    away = log_price - raw
    level = float(np.median(away))
    at, steps = _correction(raw, away - level, grades)
    left = away - level - _line(raw, at, steps)
    level += float(np.median(left))
    left -= np.median(left)
    size = np.log(np.abs(left) + 0.01)
    usual = max(float(np.exp(size.mean())), _FLOOR)
    spreads: list[lightgbm.Booster] = []
    spread = np.full(len(raw), usual)
    if len(raw) >= _MIN_FOR_SPREADS:
        spreads, spread = _learned(np.column_stack([features, raw]), size, seed)
    low, high = reach(left / spread, confidence)
    calibration = Calibration(level, at, steps, usual, spreads, low, high, error, confidence)
    return calibration, replace(calibration, error=0.0)._ends(raw, spread)


def _line(raw: Floats, at: tuple[float, ...], steps: tuple[float, ...]) -> Floats:
    return np.interp(raw, at, steps) if steps else np.zeros(len(raw))


def _correction(raw: Floats, away: Floats, grades: list[str]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """A line of log corrections by the model's own value; empty where no decile of it is surely uneven.

    Groups by price would show bias where prices are only noisy, and correcting that makes values progressive. A decile
    whose median ratio is beyond .97 to 1.03 is moved until its 95% interval holds 1, and no further; values keep their
    order (isotonic regression). A line that makes the deciles or the grades no more even is not applied.
    """
    nothing: tuple[tuple[float, ...], tuple[float, ...]] = ((), ())
    if len(raw) < _MIN_FOR_DECILES:
        return nothing
    parts = np.array_split(np.argsort(raw, kind="stable"), _DECILES)
    at = np.array([raw[part].mean() for part in parts])
    steps = np.clip([_surely(away[part]) for part in parts], -_MAXIMUM, _MAXIMUM)
    if not steps.any() or (np.diff(at) <= 0).any():
        return nothing
    steps = isotonic_regression(at + steps).x - at
    corrected = away - np.interp(raw, at, steps)
    corrected -= np.median(corrected)
    decile = np.repeat([str(number) for number in range(_DECILES)], [len(part) for part in parts])
    order = np.concatenate(parts)
    if _uneven(corrected[order], decile.tolist()) >= _uneven(away[order], decile.tolist()):
        return nothing
    if _uneven(corrected, grades) > _uneven(away, grades):
        return nothing
    return tuple(map(float, at)), tuple(map(float, steps))


def _surely(away: Floats) -> float:
    """How far the median of these logs is from 0 at the least; 0 where it is within the bounds, or may be chance."""
    interval = median_interval(away)
    if interval is None or _BOUNDS[0] <= -np.median(away) <= _BOUNDS[1]:
        return 0.0
    return max(interval.low, 0.0) + min(interval.high, 0.0)


def _uneven(away: Floats, groups: list[str]) -> float:
    """The largest deviation of a group's median that is no chance."""
    names = np.asarray(groups, dtype=object)
    return max(abs(_surely(away[names == name])) for name in set(groups))


def _learned(seen: Floats, size: Floats, seed: int) -> tuple[list[lightgbm.Booster], Floats]:
    """Models of the log size of residuals, each of a random half of the sales, and each sale's spread by those of the
    other halves: a mean of several, as those of other properties are."""
    random = np.random.default_rng(seed)
    models: list[lightgbm.Booster] = []
    total = np.zeros(len(size))
    for _ in range(_HALVINGS):
        half = random.permutation(len(size)) % 2 == 0
        for taught in (half, ~half):
            models.append(boosting.quick(seen[taught], size[taught], seed, rounds=60))
            total[~taught] += boosting.predict([models[-1]], seen[~taught])
    return models, _floored(total / _HALVINGS)


def _spread(models: list[lightgbm.Booster], features: Floats, raw: Floats) -> Floats:
    return _floored(boosting.predict(models, np.column_stack([features, raw])))


def _floored(logs: Floats) -> Floats:
    return np.maximum(np.exp(logs), _FLOOR)
