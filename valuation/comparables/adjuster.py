"""Properties as effects in logs of price: a line for each characteristic, one for the location, one for what is left.

The last (``TOGETHER``) is what a small model of trees finds that a sum of rates cannot say, such as that a view is
worth more in one neighborhood than in another. It is the one line that has no rate, so a sale for which it is large
is no comparable (``selection``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import lightgbm
import numpy as np
import pandas as pd

from valuation.comparables import market
from valuation.comparables.items import LOCATION
from valuation.comparables.location import Location
from valuation.comparables.market import MarketRegression
from valuation.comparables.selection import Keys, Pool
from valuation.frames import Floats
from valuation.mass_appraisal import boosting, features, parts
from valuation.mass_appraisal.features import Encoder
from valuation.mass_appraisal.surroundings import keys_of

TOGETHER = "combined_effects"
_ODD = 0.5  # logs beyond which what the rates leave counts no further
_DAY = 1 / 365


@dataclass(frozen=True)
class Together:
    """What the lines leave; ``usual`` stands for what is unknown."""

    models: list[lightgbm.Booster]  # each without a part of the parcels
    sold: Keys
    usual: Floats

    def read(self, own: Floats, places: Floats, lines: Floats, keys: Keys) -> Floats:
        """In logs, by a model that saw no sale of the property that ``keys`` names."""
        seen = np.column_stack([own, places, lines])
        left_out = parts.left_out(keys, self.sold)
        return boosting.predict_by_parts(self.models, np.where(np.isfinite(seen), seen, self.usual), left_out)


@dataclass(frozen=True)
class Read:
    """Properties as the adjuster sees them. ``effects`` have a column a line, NaN where the characteristic is unknown;
    ``columns`` are those of the market's regression."""

    places: Floats
    keys: Keys
    columns: Floats
    effects: Floats


@dataclass(frozen=True)
class Adjuster:
    """``names`` are the lines of an adjustment; ``pool`` and ``columns`` are the sales' own."""

    encoder: Encoder
    market: MarketRegression
    location: Location
    together: Together
    pool: Pool
    columns: Floats
    log_price: Floats
    year: float

    @property
    def names(self) -> list[str]:
        return [*_named(self.market), TOGETHER]

    def read(self, frame: pd.DataFrame, when: Floats) -> Read:
        """Properties at ``when``, years from the valuation date."""
        places, keys = self.encoder.places(frame), keys_of(frame, self.encoder)
        own = self.encoder.matrix(frame, np.floor(self.year + when + _DAY))
        columns = self.market.columns(own)
        lines = _lines(self.market, self.market.effects(columns), self.location.level(places, keys))
        return Read(places, keys, columns, np.column_stack([lines, self.together.read(own, places, lines, keys)]))

    def errors(self, subjects: Floats, sales: Floats) -> Floats:
        """Standard errors of the lines' rates times their differences, in logs, for rows of ``columns``; NaN for the
        lines that are no regression's."""
        differences = np.nan_to_num(subjects - sales)
        squares = _lines(self.market, self.market.errors(differences) ** 2, np.full(len(subjects), np.nan))
        return np.column_stack([np.sqrt(squares), np.full(len(subjects), np.nan)])


def learn(
    sales: pd.DataFrame,
    log_price: Floats,
    years: Floats,
    as_of: date,
    seed: int,
    directions: Mapping[str, int] | None = None,
) -> Adjuster:
    """From sales with their log prices at the valuation date, ``years`` before it (negative)."""
    encoder = features.learn(sales, as_of, directions=directions)
    year = as_of.year + (as_of.timetuple().tm_yday - 1) / 365.25
    own = encoder.matrix(sales, np.floor(year + years + _DAY))
    places, keys = encoder.places(sales), keys_of(sales, encoder)
    rates = market.learn(encoder, own, places, log_price)
    columns = rates.columns(own)
    effects = rates.effects(market.usual(columns))
    excess = log_price - effects.sum(axis=1)
    location = Location(places, years, excess - np.median(excess), keys)
    level = location.level(places, keys)
    left = excess - level
    lines = _lines(rates, rates.effects(columns), level)
    held = _held(encoder, _named(rates))
    together = _together(own, places, lines, left, keys, seed, held)
    lines = np.column_stack([lines, together.read(own, places, lines, keys)])
    return Adjuster(encoder, rates, location, together, Pool(places, years, lines, keys), columns, log_price, year)


def _held(encoder: Encoder, names: list[str]) -> list[int]:
    """The direction of each column that ``Together`` sees: what the county holds a characteristic to, its line keeps,
    and more of a line's effect is more of what is worth having."""
    return [*encoder.column_directions, 0, 0, *(abs(encoder.directions.get(name, 0)) for name in names)]


def _together(
    own: Floats, places: Floats, lines: Floats, left: Floats, keys: Keys, seed: int, held: list[int]
) -> Together:
    """From what the lines leave of the log prices; ``held``: the direction of each column."""
    seen = np.column_stack([own, places, lines])
    known = np.isfinite(seen)
    usual = np.array(
        [np.median(column[there]) if there.any() else 0.0 for column, there in zip(seen.T, known.T, strict=True)]
    )
    target = np.clip(left - np.median(left), -_ODD, _ODD)
    models = boosting.quick_by_parts(np.where(known, seen, usual), target, parts.of(keys), seed, held)
    return Together(models, keys, usual)


def _named(rates: MarketRegression) -> list[str]:
    return [*(line for line in rates.lines if line != LOCATION), LOCATION]


def _lines(rates: MarketRegression, effects: Floats, level: Floats) -> Floats:
    """The items' effects by line; a neighborhood and the ``level`` of the place are one line."""
    names = _named(rates)
    result = np.zeros((len(effects), len(names)))
    result[:, -1] = level
    for column, item in enumerate(rates.items):
        place = names.index(item.line)
        of_item = effects[:, column]
        result[:, place] += np.nan_to_num(of_item) if item.line == LOCATION else of_item
    return result
