"""The part of the model that is learned twice: without the holdout sales, and with all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import lightgbm
import numpy as np
import pandas as pd

from valuation.frames import Floats, Progress
from valuation.mass_appraisal import boosting, encodings, linear, parts
from valuation.mass_appraisal.encodings import Encodings
from valuation.mass_appraisal.features import Encoder
from valuation.mass_appraisal.linear import Starts
from valuation.mass_appraisal.parts import Keys, Parts
from valuation.mass_appraisal.surroundings import Surroundings, keys_of

_MIN_OF_A_PART = 10
_DAY = 1 / 365
_NEARLY_ALWAYS = 0.995


@dataclass(frozen=True)
class Trees:
    """log price = hedonic start + mean of the members' trees on everything that is known of a property.

    A property's own sales are in none of its features, and in none of the trees that value it.
    """

    encoder: Encoder
    starts: Starts
    encodings: Encodings
    surroundings: Surroundings
    members: list[lightgbm.Booster]
    year: float  # of the valuation date, with its fraction
    filler: Floats  # what stands for unknown in columns where hardly any sale taught it, else NaN

    def read(self, frame: pd.DataFrame, when: Floats) -> tuple[Floats, Floats]:
        """What the trees read of each property (characteristics, place, surroundings, categories by what they brought,
        ``when`` in years from the valuation date), and its log price."""
        places, keys = self.encoder.places(frame), keys_of(frame, self.encoder)
        left_out = parts.left_out(keys, self._sold)
        own = self.encoder.matrix(frame, _year(self.year, when))
        around = self.surroundings.matrix(places, when, keys)
        brought = self.encodings.matrix(self.encoder, frame, left_out)
        seen = _filled(_features(own, places, around, brought, when), self.filler)
        start = self.starts.predict(seen[:, : own.shape[1]], left_out)
        return seen, start + boosting.predict_by_parts(self.members, seen, left_out)

    def steady(self, seen: Floats) -> Floats:
        """The columns of ``read`` that mean the same in each model of the encoder: all but what categories brought,
        which differs more between two models than between two categories that brought about the same."""
        return np.delete(seen, np.s_[-1 - len(self.encodings.effects) : -1], axis=1)

    @cached_property
    def _sold(self) -> Keys:
        return np.unique(self.surroundings.keys)

    @property
    def reasons(self) -> list[str]:
        """The reason that each column of ``read`` stands for: a characteristic, or what is around it."""
        return [
            *self.encoder.names,
            *["location"] * 4,
            *self.surroundings.names,
            *self.encodings.effects,
            "time",
        ]


def learn(
    encoder: Encoder,
    sales: pd.DataFrame,
    log_price: Floats,
    years: Floats,
    as_of: date,
    seed: int,
    progress: Progress,
) -> Trees:
    """From sales with their log prices at the valuation date; ``years`` before it are negative."""
    year = as_of.year + (as_of.timetuple().tm_yday - 1) / 365.25
    own = encoder.matrix(sales, _year(year, years))
    places, keys = encoder.places(sales), keys_of(sales, encoder)
    part = parts.checked(parts.of(keys))
    directions = encoder.column_directions
    starts = linear.starts(own, log_price, part, directions)
    start = starts.predict(own, part)
    excess = log_price - _explained(own, log_price, start, part, seed)
    surroundings = Surroundings(places, years, encoder.scaled(sales), excess, keys)
    target = log_price - start
    brought = encodings.learn(encoder, sales, target, part)
    around = surroundings.matrix(places, years, keys)
    seen = _features(own, places, around, brought.matrix(encoder, sales, part), years)
    filler = _filler(seen)
    held = [*directions, *[0] * (seen.shape[1] - len(directions))]  # places and neighbors may say what they will
    members = boosting.fit(_filled(seen, filler), target, part, seed, progress, held)
    return Trees(encoder, starts, brought, surroundings, members, year, filler)


def _explained(own: Floats, log_price: Floats, start: Floats, part: Parts, seed: int) -> Floats:
    """Log price by characteristics alone, each sale by a model that saw none of its parcel; the ``start`` itself where
    sales are few."""
    if not own.shape[1] or len(own) < parts.COUNT * _MIN_OF_A_PART:
        return start
    return boosting.predict_by_parts(boosting.quick_by_parts(own, log_price, part, seed), own, part)


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


def _features(own: Floats, places: Floats, around: Floats, brought: Floats, when: Floats) -> Floats:
    kilometers = places / 1000
    turned = np.column_stack([kilometers.sum(axis=1), kilometers[:, 0] - kilometers[:, 1]])
    return np.column_stack([own, kilometers, turned, around, brought, when])
