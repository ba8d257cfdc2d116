"""The part of the model that is learnt twice: without the held-back sales, and with all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import lightgbm
import numpy as np
import pandas as pd

from valuation.frames import Floats, Progress
from valuation.model import boosting, features, linear
from valuation.model.features import Encoder
from valuation.model.linear import Hedonic
from valuation.model.surroundings import Surroundings, keys_of

_FOLDS = 5
_FEWEST_OF_A_FOLD = 10
_DAY = 1 / 365
_NEARLY_ALWAYS = 0.995


@dataclass(frozen=True)
class Trees:
    """log price = hedonic start + mean of the members' trees on everything that is known of a property."""

    encoder: Encoder
    start: Hedonic
    surroundings: Surroundings
    members: list[lightgbm.Booster]
    year: float  # of the valuation date, with its fraction
    filler: Floats  # what stands for unknown in columns where hardly any sale taught it, else NaN

    def features(self, frame: pd.DataFrame, when: Floats) -> Floats:
        """Characteristics, place, surroundings, the last sale and ``when`` (years from the valuation date)."""
        places, keys = self.encoder.places(frame), keys_of(frame, self.encoder)
        told = [self.surroundings.matrix(places, when), self.surroundings.own_sales.matrix(keys, when)]
        return _filled(_features(self.encoder.matrix(frame, _year(self.year, when)), places, told, when), self.filler)

    def predict(self, seen: Floats) -> Floats:
        """Log price of rows of ``features``."""
        own = seen[:, : len(self.encoder.names)]
        return self.start.predict(own) + boosting.predict(self.members, seen)

    @property
    def reasons(self) -> list[str]:
        """What each column of ``features`` tells: a characteristic, what is around it, its own last sale."""
        own_sale = ["own_sale"] * 2
        return [*self.encoder.names, *["location"] * 4, *self.surroundings.names, *own_sale, "time"]


def learn(sales: pd.DataFrame, log_price: Floats, years: Floats, as_of: date, seed: int, progress: Progress) -> Trees:
    """From sales with their log prices at the valuation date; ``years`` before it are negative."""
    encoder = features.learn(sales, as_of)
    year = as_of.year + (as_of.timetuple().tm_yday - 1) / 365.25
    own = encoder.matrix(sales, _year(year, years))
    start = linear.fit(own, log_price)
    excess = log_price - _explained(own, log_price, start, seed)
    places, keys = encoder.places(sales), keys_of(sales, encoder)
    surroundings = Surroundings(places, years, _scaled(encoder.static(sales)), excess, keys)
    target = log_price - start.predict(own)
    told = [surroundings.matrix(places, years, keys), surroundings.own_sales.matrix(keys, years)]
    seen = _features(own, places, told, years)
    filler = _filler(seen)
    members = boosting.fit(_filled(seen, filler), target, seed, progress)
    return Trees(encoder, start, surroundings, members, year, filler)


def _explained(own: Floats, log_price: Floats, start: Hedonic, seed: int) -> Floats:
    """Log price by characteristics alone, each sale by a model that did not see it."""
    found = start.predict(own)
    if not own.shape[1] or len(own) < _FOLDS * _FEWEST_OF_A_FOLD:
        return found
    fold = np.random.default_rng(seed).permutation(len(own)) % _FOLDS
    for number in range(_FOLDS):
        model = boosting.quick(own[fold != number], log_price[fold != number], seed)
        found[fold == number] = boosting.predict([model], own[fold == number])
    return found


def _scaled(own: Floats) -> Floats:
    """Centred and scaled, 0 where unknown."""
    known = np.isfinite(own)
    filled = np.where(known, own, 0.0)
    total = np.maximum(known.sum(axis=0), 1)
    center = filled.sum(axis=0) / total
    spread = np.sqrt((((filled - center) * known) ** 2).sum(axis=0) / total)
    return np.where(known, (filled - center) / np.where(spread > 0, spread, 1.0), 0.0)


def _year(year: float, when: Floats) -> Floats:
    """The calendar year of days that are ``when`` years from the valuation date."""
    return np.floor(year + when + _DAY)


def _filler(seen: Floats) -> Floats:
    """Medians of the columns that are nearly always known: LightGBM would take an unknown one there for zero."""
    rare = np.isfinite(seen).mean(axis=0) > _NEARLY_ALWAYS
    filler = np.full(seen.shape[1], np.nan)
    filler[rare] = np.nanmedian(seen[:, rare], axis=0)
    return filler


def _filled(seen: Floats, filler: Floats) -> Floats:
    return np.where(np.isfinite(seen), seen, filler)


def _features(own: Floats, places: Floats, told: list[Floats], when: Floats) -> Floats:
    kilometres = places / 1000
    turned = np.column_stack([kilometres.sum(axis=1), kilometres[:, 0] - kilometres[:, 1]])
    return np.column_stack([own, kilometres, turned, *told, when])
