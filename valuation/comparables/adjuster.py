"""Properties as effects in logs of worth: one for each characteristic and one for the location."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from valuation.comparables import curves
from valuation.comparables.curves import Curve
from valuation.comparables.location import Location
from valuation.comparables.selection import Keys, Pool
from valuation.frames import Floats
from valuation.model import features
from valuation.model.features import Encoder
from valuation.model.surroundings import keys_of

LOCATION = "location"
_DAY = 1 / 365


@dataclass(frozen=True)
class Adjuster:
    """``names`` are the lines of an adjustment; ``effects`` of the pool have a column for each of them."""

    encoder: Encoder
    curves: list[Curve]
    location: Location
    pool: Pool
    log_price: Floats
    year: float

    @property
    def names(self) -> list[str]:
        return [*dict.fromkeys(self.encoder.names), LOCATION]

    def read(self, frame: pd.DataFrame, when: Floats) -> tuple[Floats, Floats, Keys]:
        """Places, effects and keys of properties at ``when``, years from the valuation date."""
        places, keys = self.encoder.places(frame), keys_of(frame, self.encoder)
        effects = curves.effects(self.curves, self.encoder.matrix(frame, np.floor(self.year + when + _DAY)))
        return places, np.column_stack([self._lines(effects), self.location.level(places, keys)]), keys

    def _lines(self, effects: Floats) -> Floats:
        return _lines(self.encoder.names, effects)


def learn(sales: pd.DataFrame, log_price: Floats, years: Floats, as_of: date, seed: int) -> Adjuster:
    """From sales with their log prices at the valuation date, ``years`` before it (negative)."""
    encoder = features.learn(sales, as_of)
    year = as_of.year + (as_of.timetuple().tm_yday - 1) / 365.25
    own = encoder.matrix(sales, np.floor(year + years + _DAY))
    found = curves.learn(own, encoder.names, log_price, seed)
    effects = curves.effects(found, own)
    excess = log_price - effects.sum(axis=1)
    places, keys = encoder.places(sales), keys_of(sales, encoder)
    location = Location(places, years, excess - np.median(excess), keys)
    lines = np.column_stack([_lines(encoder.names, effects), location.level(places, keys)])
    return Adjuster(encoder, found, location, Pool(places, years, lines, keys), log_price, year)


def _lines(names: list[str], effects: Floats) -> Floats:
    """Columns of the same characteristic (a year and its age) as one line."""
    lines = list(dict.fromkeys(names))
    found = np.zeros((len(effects), len(lines)))
    for column, name in enumerate(names):
        found[:, lines.index(name)] += effects[:, column]
    return found
