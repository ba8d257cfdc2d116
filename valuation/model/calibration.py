"""Level, vertical equity and intervals, learnt from later sales that the model did not see."""

from __future__ import annotations

from dataclasses import dataclass, replace

import lightgbm
import numpy as np

from valuation import ratio
from valuation.frames import Floats
from valuation.model import boosting
from valuation.ratio import measures

_CAUTIONS = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
_STRETCHES = np.linspace(1.0, 1.2, 101)
_PRB = (-0.03, 0.015)  # the standard's range of PRB is .05 to both sides; dear properties valued too high are worse
_PRD = (0.985, 1.03)
_DRIFT = 0.6  # squared CODs by which PRB and PRD of the next year may lie lower and higher
_OTHER_GOODS = np.log(4.0)  # a price so many times off the value tells of other goods sold, such as the bare lot
_FOLDS = 5
_FLOOR = 0.02  # a spread in logs below which none is believed


@dataclass(frozen=True)
class Calibration:
    """log value = level + middle + stretch * (cautious - middle), where cautious is what the model said less
    ``caution`` times the squared spread of the property's kind; the interval reaches low and high spreads from it."""

    caution: float
    middle: float
    stretch: float
    level: float
    spreads: list[lightgbm.Booster]
    low: float
    high: float
    coverage: float  # of the later half of the held-back sales by intervals learnt on the earlier half

    def apply(self, features: Floats, raw: Floats) -> tuple[Floats, Floats, Floats]:
        """Log value and the ends of its interval, which it lies between."""
        spread = _spread(self.spreads, features, raw)
        value = self.level + self.middle + self.stretch * (raw - self.caution * spread**2 - self.middle)
        return value, value + min(self.low, 0.0) * spread, value + max(self.high, 0.0) * spread


def learn(features: Floats, raw: Floats, log_price: Floats, confidence: float, seed: int) -> Calibration:
    """From held-back sales in order of date: what the model said (``raw``) and what they sold for, both in logs at one
    date.

    Split conformal prediction on residuals over an estimated spread (Lei et al. 2018, section 5.2), tail by tail.
    """
    half = len(raw) // 2
    trial = _learn(features[:half], raw[:half], log_price[:half], confidence, seed)
    _, low, high = trial.apply(features[half:], raw[half:])
    coverage = float(np.mean((low <= log_price[half:]) & (log_price[half:] <= high)))
    return replace(_learn(features, raw, log_price, confidence, seed), coverage=coverage)


def _learn(features: Floats, raw: Floats, log_price: Floats, confidence: float, seed: int) -> Calibration:
    fold = np.random.default_rng(seed).permutation(len(raw)) % _FOLDS
    seen = np.column_stack([features, raw])
    away = log_price - raw
    size = np.log(np.abs(away - np.median(away)) + 0.01)
    spreads, spread = [], np.empty(len(raw))
    for number in range(_FOLDS):
        spreads.append(boosting.quick(seen[fold != number], size[fold != number], seed, rounds=60))
        mine = fold == number
        spread[mine] = _spread([spreads[-1]], features[mine], raw[mine])
    caution, stretch = _even(raw, spread, log_price)
    cautious = raw - caution * spread**2
    middle = float(np.median(cautious))
    stretched = middle + stretch * (cautious - middle)
    level = -float(np.median(stretched - log_price))
    scores = (log_price - stretched - level) / spread
    # The (n + 1) of conformal prediction: a tail of a finite sample is rarer than it looks.
    tail = max((1 - confidence) / 2 - 1 / (len(raw) + 1), 0.0)
    low, high = np.quantile(scores, [tail, 1 - tail])
    return Calibration(caution, middle, stretch, level, spreads, float(low), float(high), coverage=confidence)


def _even(raw: Floats, spread: Floats, log_price: Floats) -> tuple[float, float]:
    """The caution and the stretch of the least COD among those that treat dear and cheap properties alike, with a
    margin for the drift of PRB and PRD from year to year; of those that miss it least, if none does.

    Caution: the value with the least expected error in percent lies the squared deviation below the median of the price
    (of a log-normal one); a part of that is in the objectives of the trees already.
    """
    found = []
    for caution in _CAUTIONS:
        cautious = raw - caution * spread**2
        away = cautious - log_price
        kept = np.abs(away - np.median(away)) < _OTHER_GOODS
        middle, price = np.median(cautious), np.exp(log_price[kept])
        for stretch in _STRETCHES:
            value = np.exp(middle + stretch * (cautious[kept] - middle))
            figures = ratio.cod(value, price), ratio.prd(value, price), measures.prb_fit(value, price)[0]
            found.append((caution, stretch, *figures))
    cautions, stretches, cod, prd, prb = np.array(found).T
    drift = _DRIFT * (cod.min() / 100) ** 2
    missed = np.maximum.reduce([_PRB[0] + drift - prb, prb - _PRB[1], _PRD[0] - prd, prd - (_PRD[1] - drift), 0 * cod])
    best = np.flatnonzero(missed <= np.nanmin(missed))
    least = best[np.argmin(cod[best])] if len(best) else 0
    return float(cautions[least]), float(stretches[least])


def _spread(models: list[lightgbm.Booster], features: Floats, raw: Floats) -> Floats:
    return np.maximum(np.exp(boosting.predict(models, np.column_stack([features, raw]))), _FLOOR)
