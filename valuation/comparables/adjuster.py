"""Properties as effects in logs of worth: one for each characteristic, one for the location and one for both together.

The last is what a small model of trees finds that a sum of single effects cannot tell: a fourth bedroom of a small home
is not that of a large one, and a view is worth more in one neighborhood than in another.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import lightgbm
import numpy as np
import pandas as pd

from valuation.comparables import curves
from valuation.comparables.curves import Curve
from valuation.comparables.location import Location
from valuation.comparables.selection import Keys, Pool
from valuation.frames import Floats
from valuation.model import boosting, features
from valuation.model.features import Encoder
from valuation.model.surroundings import keys_of

LOCATION = "location"
TOGETHER = "combined_effects"
_ODD = 0.5  # logs beyond which what the single effects leave counts no further
_DAY = 1 / 365


@dataclass(frozen=True)
class Together:
    """What characteristics and place do together; ``usual`` stands for what is unknown."""

    model: lightgbm.Booster
    usual: Floats

    def read(self, own: Floats, places: Floats, lines: Floats) -> Floats:
        """In logs."""
        seen = np.column_stack([own, places, lines])
        return boosting.predict([self.model], np.where(np.isfinite(seen), seen, self.usual))


@dataclass(frozen=True)
class Adjuster:
    """``names`` are the lines of an adjustment; ``effects`` of the pool have a column for each of them."""

    encoder: Encoder
    curves: list[Curve]
    location: Location
    together: Together
    pool: Pool
    log_price: Floats
    year: float

    @property
    def names(self) -> list[str]:
        return [*dict.fromkeys(self.encoder.names), LOCATION, TOGETHER]

    def read(self, frame: pd.DataFrame, when: Floats) -> tuple[Floats, Floats, Keys]:
        """Places, effects and keys of properties at ``when``, years from the valuation date."""
        places, keys = self.encoder.places(frame), keys_of(frame, self.encoder)
        own = self.encoder.matrix(frame, np.floor(self.year + when + _DAY))
        lines = _lines(self.encoder.names, curves.effects(self.curves, own), self.location.level(places, keys))
        return places, np.column_stack([lines, self.together.read(own, places, lines)]), keys


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
    lines = _lines(encoder.names, effects, location.level(places, keys))
    together = _together(own, places, lines, log_price - lines.sum(axis=1), seed)
    lines = np.column_stack([lines, together.read(own, places, lines)])
    return Adjuster(encoder, found, location, together, Pool(places, years, lines, keys), log_price, year)


def _together(own: Floats, places: Floats, lines: Floats, left: Floats, seed: int) -> Together:
    """From what the single effects leave of the log prices."""
    seen = np.column_stack([own, places, lines])
    known = np.isfinite(seen)
    usual = np.array(
        [np.median(column[there]) if there.any() else 0.0 for column, there in zip(seen.T, known.T, strict=True)]
    )
    target = np.clip(left - np.median(left), -_ODD, _ODD)
    return Together(boosting.quick(np.where(known, seen, usual), target, seed), usual)


def _lines(names: list[str], effects: Floats, location: Floats) -> Floats:
    """Columns of the same characteristic (a year and its age) as one line, and the location."""
    lines = list(dict.fromkeys(names))
    found = np.zeros((len(effects), len(lines) + 1))
    found[:, -1] = location
    for column, name in enumerate(names):
        found[:, lines.index(name)] += effects[:, column]
    return found
