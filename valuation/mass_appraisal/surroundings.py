"""What is around a property: the sort of homes, and how well earlier sales nearby did.

A property's own sales are left out, while the model learns and when it values: sold and unsold are treated alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import KDTree

from valuation.frames import Floats
from valuation.mass_appraisal.features import Encoder, texts
from valuation.mass_appraisal.parts import Keys

_HOMES = (10, 30, 100)
_LEVELS = (5, 15, 50)
_SEARCHED = 200
_FADE = 3.0  # years in which the weight of a sale falls to a third
_NEAR = 30.0  # meters within which sales count as equally near
_CHUNK = 10_000


@dataclass(frozen=True)
class Surroundings:
    """The sales that are looked at. ``homes`` are their characteristics, centered and scaled; ``excess`` the log price
    above what its characteristics explain; ``years`` before the valuation date are negative."""

    places: Floats
    years: Floats
    homes: Floats
    excess: Floats
    keys: Keys

    @property
    def names(self) -> list[str]:
        """The reason that each column of ``matrix`` is of."""
        homes, levels = 1 + len(_HOMES) * self.homes.shape[1], len(_LEVELS) + 2
        return ["surrounding_homes"] * homes + ["nearby_sales"] * levels

    def matrix(self, places: Floats, when: Floats, keys: Keys) -> Floats:
        """Features of properties as of ``when``: prices of other properties' sales before it, homes of all; NaN without
        a place."""
        matrix = np.full((len(places), len(self.names)), np.nan)
        rows = np.flatnonzero(np.isfinite(places).all(axis=1))
        if not len(self._known):
            return matrix
        count = min(_SEARCHED, len(self._known))
        for begin in range(0, len(rows), _CHUNK):
            some = rows[begin : begin + _CHUNK]
            distance, near = self._tree.query(places[some], k=[*range(1, count + 1)])
            near = self._known[near]
            other = self.keys[near] != keys[some][:, None]
            matrix[some] = np.column_stack(
                [self._sort_of_homes(distance, near, other), self._price_levels(distance, near, other, when[some])]
            )
        return matrix

    def reach(self, places: Floats) -> Floats:
        """Meters to the 15th nearest sale; NaN where there is no place."""
        distances = np.full(len(places), np.nan)
        rows = np.flatnonzero(np.isfinite(places).all(axis=1))
        if len(self._known) and len(rows):
            distances[rows] = self._tree.query(places[rows], k=[min(15, len(self._known))])[0][:, 0]
        return distances

    @cached_property
    def _known(self) -> npt.NDArray[np.intp]:
        return np.flatnonzero(np.isfinite(self.places).all(axis=1))

    @cached_property
    def _tree(self) -> KDTree:
        return KDTree(self.places[self._known])

    @property
    def _usual(self) -> float:
        """What makes logs of distances say how dense sales are beside those elsewhere, however many a model has."""
        return float(np.log(len(self._known)) / 2)

    def _sort_of_homes(self, distance: Floats, near: Floats, other: Floats) -> Floats:
        """Mean characteristics of the nearest homes that sold, and how densely they stand."""
        columns = [np.log(distance[:, min(29, distance.shape[1] - 1)] + 1)[:, None] + self._usual]
        total, seen = np.zeros((len(near), self.homes.shape[1])), np.zeros((len(near), 1))
        for rank in range(min(max(_HOMES), near.shape[1])):
            total += self.homes[near[:, rank]] * other[:, [rank]]
            seen += other[:, [rank]]
            if rank + 1 in _HOMES:
                columns.append(total / np.maximum(seen, 1))
        while len(columns) <= len(_HOMES):  # fewer sales than the wider circles ask for
            columns.append(total / np.maximum(seen, 1))
        return np.column_stack(columns)

    def _price_levels(self, distance: Floats, near: Floats, other: Floats, when: Floats) -> Floats:
        """The excess of earlier sales, nearer and later ones counting more; its reach and its spread."""
        earlier = other & (self.years[near] < when[:, None])
        rank = np.cumsum(earlier, axis=1)
        excess = self.excess[near]
        fade = np.exp(np.minimum(self.years[near] - when[:, None], 0) / _FADE)
        levels, extra = [], []
        for count in _LEVELS:
            used = earlier & (rank <= count)
            reach = np.where(used, distance, 0).max(axis=1) + _NEAR
            weight = used * fade * np.exp(-2 * (distance / reach[:, None]) ** 2)
            with np.errstate(divide="ignore", invalid="ignore"):
                level = (weight * excess).sum(axis=1) / weight.sum(axis=1)
                spread = (weight * excess**2).sum(axis=1) / weight.sum(axis=1) - level**2
            levels.append(level)
            if count == _LEVELS[1]:
                extra = [np.log(reach) + self._usual, np.sqrt(np.maximum(spread, 0))]
        return np.column_stack([*levels, *extra])


def keys_of(frame: pd.DataFrame, encoder: Encoder) -> Keys:
    """A number that identifies a property: of its parcel number, else of its place and characteristics."""
    looks = np.column_stack([np.round(encoder.places(frame)), encoder.static(frame)])
    keys = pd.util.hash_pandas_object(pd.DataFrame(looks), index=False).to_numpy(dtype=np.uint64, copy=True)
    parcels = texts(frame, "parcel_number").to_numpy(dtype=object)
    named = parcels != ""
    keys[named] = pd.util.hash_array(parcels[named])
    return np.asarray(keys)
