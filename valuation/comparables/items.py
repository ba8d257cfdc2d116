"""Characteristics as columns of a regression whose coefficients are market rates. Pure.

A number becomes straight pieces between a few sizes (a schedule of rates by size band); a category becomes one column
for each kind. ``direction`` is 1 where more never counts against a property, -1 where less never does, else 0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from valuation.frames import Floats
from valuation.mass_appraisal.features import RISING, Encoder

LOCATION = "location"
_RISING = re.compile(r"area|sqft|sq_ft|lot|frontage|bed|bath|garage|carport|quality|grade|view|water|effective_year")
_FALLING = re.compile(r"eff(ective)?_age")
_GRADES = ("quality", "condition")  # each step has a rate of its own
_ENDS = [0.005, 0.995]  # beyond these shares of the sales a difference earns no further adjustment
_BANDS = [0.2, 0.4, 0.6, 0.8]
_MANY = 30  # distinct numbers from which on a characteristic has rates by size band
_SKEWED = 3.0  # largest over smallest from which on bands are compared by elasticity
_EVEN = 3.0  # how strongly rates of bands next to each other are shrunk together, in sales
_KIND = 5.0  # sales by which a kind is shrunk toward no adjustment


@dataclass(frozen=True)
class Scale:
    """A number. ``edges`` bound the bands; a coefficient is the share of the price for ``sizes`` units more."""

    name: str
    column: int
    edges: Floats
    direction: int

    @property
    def line(self) -> str:
        return self.name

    @property
    def sizes(self) -> Floats:
        low, high = self.edges[0], self.edges[-1]
        if low > 0 and high > _SKEWED * low:
            return np.asarray((self.edges[:-1] + self.edges[1:]) / 2)
        return np.full(len(self.edges) - 1, high - low)

    def columns(self, own: Floats) -> Floats:
        """The part of the number in each band, over the band's size; NaN where it is unknown."""
        inside = np.clip(own[:, self.column, None], self.edges[:-1], self.edges[1:])
        return np.asarray((inside - self.edges[:-1]) / self.sizes)

    def penalty(self) -> Floats:
        steps = np.diff(np.eye(len(self.edges) - 1), axis=0)
        return np.asarray(_EVEN * steps.T @ steps)


@dataclass(frozen=True)
class Kinds:
    """A category by its ``codes``; a code of none of them is unknown."""

    name: str
    column: int
    codes: Floats
    direction: int = 0

    @property
    def line(self) -> str:
        return LOCATION if self.name == "neighborhood" else self.name

    @property
    def sizes(self) -> Floats:
        return np.ones(len(self.codes))

    def columns(self, own: Floats) -> Floats:
        """1 in the column of its kind; NaN where it is unknown."""
        code = own[:, self.column, None]
        known = np.isin(code, self.codes)
        return np.where(known, code == self.codes, np.nan)

    def penalty(self) -> Floats:
        return _KIND * np.eye(len(self.codes))


Item = Scale | Kinds


def learn(encoder: Encoder, own: Floats) -> list[Item]:
    """Of the columns of ``Encoder.matrix``, those that differ among the sales. An age is that of its year."""
    items: list[Item] = []
    for column, name in enumerate(encoder.names):
        known = own[np.isfinite(own[:, column]), column]
        if name in {item.name for item in items} or not len(known) or np.ptp(known) == 0:
            continue
        if column < len(encoder.numbers) and name in encoder.levels and not direction(name):
            continue  # a code of digits has no rate
        if name in encoder.numbers or name == "quality":  # whose categories are ranked by their median price
            way = encoder.directions.get(name) or direction(name)
            items.append(Scale(name, column, _edges(known, every=name in _GRADES), way))
        else:
            items.append(Kinds(name, column, np.unique(known)))
    return items


def direction(name: str) -> int:
    """More area, lot, rooms, baths, garage, quality or a newer effective year never counts against a property, unless
    the county has said otherwise (``Encoder.directions``)."""
    if _FALLING.search(name):
        return -1
    return int(name in RISING or bool(_RISING.search(name)))


def _edges(known: Floats, *, every: bool) -> Floats:
    low, high = np.quantile(known, _ENDS)
    if low == high:
        low, high = known.min(), known.max()
    distinct = np.unique(known)
    inner = distinct if every else np.quantile(known, _BANDS if len(distinct) > _MANY else [0.5])
    return np.unique(np.r_[low, inner[(inner > low) & (inner < high)], high])
