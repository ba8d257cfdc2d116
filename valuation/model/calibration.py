"""Level, vertical equity and intervals, learnt from later sales that the model did not see."""

from __future__ import annotations

from dataclasses import dataclass, replace

import lightgbm
import numpy as np
import numpy.typing as npt

from valuation import ratio
from valuation.frames import Floats
from valuation.model import boosting
from valuation.ratio import measures

_CAUTION = 3.0  # squared spreads by which a value lies below the middle of what it may sell for
_LONGEST = 1.3
_STEPS = 151
_MUST = (0.025, 1.025)  # PRB and PRD from which on the stretch is worth its cost: half the IAAO's ranges are left
_FULL = (0.015, 0.99)  # PRB and PRD beyond which dear properties would be valued too high
_FREE = 0.01  # share of the COD that an even treatment may cost where it is not a must
_OTHER_GOODS = np.log(4.0)  # a price so many times off the value tells of other goods sold, such as the bare lot
_FOLDS = 5
_FLOOR = 0.02  # a spread in logs below which none is believed


@dataclass(frozen=True)
class Calibration:
    """log value = level + middle + stretch * (cautious - middle), where cautious is what the model said less three
    times the squared spread of the property's kind; the interval reaches low and high spreads from it."""

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
        value = self.level + self.middle + self.stretch * (_cautious(raw, spread) - self.middle)
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
    cautious = _cautious(raw, spread)
    middle = float(np.median(cautious))
    stretch = _stretch(cautious, middle, log_price)
    stretched = middle + stretch * (cautious - middle)
    level = -float(np.median(stretched - log_price))
    scores = (log_price - stretched - level) / spread
    # The (n + 1) of conformal prediction: a tail of a finite sample is rarer than it looks.
    tail = max((1 - confidence) / 2 - 1 / (len(raw) + 1), 0.0)
    low, high = np.quantile(scores, [tail, 1 - tail])
    return Calibration(middle, stretch, level, spreads, float(low), float(high), coverage=confidence)


def _cautious(raw: Floats, spread: Floats) -> Floats:
    """The value with the least expected error in percent lies the squared deviation below the median of the price (of a
    log-normal one); a part of that is in the objectives of the trees already."""
    return raw - _CAUTION * spread**2


def _stretch(raw: Floats, middle: float, log_price: Floats) -> float:
    """The stretch with which dear and cheap properties are treated alike: as far as it costs next to nothing in COD,
    and at least into the standard's ranges."""
    away = raw - log_price
    kept = np.abs(away - np.median(away)) < _OTHER_GOODS
    raw, price = raw[kept], np.exp(log_price[kept])
    stretches = np.linspace(1.0, _LONGEST, _STEPS)
    values = [np.exp(middle + stretch * (raw - middle)) for stretch in stretches]
    prb = np.array([measures.prb_fit(value, price)[0] for value in values])
    prd = np.array([ratio.prd(value, price) for value in values])
    cod = np.array([ratio.cod(value, price) for value in values])
    must = _first((prb >= -_MUST[0]) & (prd <= _MUST[1]))
    full = _first((prb >= _FULL[0]) | (prd <= _FULL[1]))
    free = int(np.flatnonzero(cod <= cod.min() * (1 + _FREE)).max())
    return float(stretches[min(max(must, free), full)])


def _first(met: npt.NDArray[np.bool_]) -> int:
    """The first place that is met, the last of all if none is."""
    return int(np.argmax(met)) if met.any() else len(met) - 1


def _spread(models: list[lightgbm.Booster], features: Floats, raw: Floats) -> Floats:
    return np.maximum(np.exp(boosting.predict(models, np.column_stack([features, raw]))), _FLOOR)
