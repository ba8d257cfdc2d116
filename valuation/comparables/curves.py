"""What a difference in a characteristic is worth: one curve each, learnt together from the sales.

log price = constant + sum of curves (a generalized additive model: Hastie and Tibshirani 1990), each curve a sum of
boosted trees that split on one characteristic only (Lou, Caruana and Gehrke 2012), so that it can be read off, drawn
and defended line by line. More of what is in ``features.RISING`` never takes value away.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import lightgbm
import numpy as np

from valuation.frames import Floats
from valuation.model.boosting import SAME, relative_error
from valuation.model.features import directions

_ROUNDS = 400
_TREES = {"learning_rate": 0.08, "num_leaves": 6, "feature_fraction": 0.5}
_BAGS = {"bagging_fraction": 0.7, "bagging_freq": 1}
_NEARLY_ALWAYS = 0.995


@dataclass(frozen=True)
class Curve:
    """The effect in logs between ``edges``: one more effect than edges; ``unknown`` where there is no number."""

    name: str
    edges: Floats
    effects: Floats
    unknown: float

    def read(self, column: Floats) -> Floats:
        """Effects of a column of numbers."""
        found = self.effects[np.searchsorted(self.edges, column, side="left")]
        return np.where(np.isfinite(column), found, self.unknown)

    def told(self) -> dict[str, Any]:
        """As JSON: ``percent`` holds below the first of ``from``, then from each of them on; 0 is the middle step."""
        usual = float(np.median(self.effects))
        percent = 100 * np.expm1(self.effects - usual)
        return {
            "name": self.name,
            "from": [round(float(edge), 6) for edge in self.edges],
            "percent": [round(float(one), 2) for one in percent],
            "unknown_percent": round(100 * float(np.expm1(self.unknown - usual)), 2),
        }


def learn(own: Floats, names: list[str], log_price: Floats, seed: int) -> list[Curve]:
    """A curve for each column of ``Encoder.matrix``; flat where it tells nothing."""
    if not names:
        return []
    leaf = int(np.clip(len(own) // 50, 5, 60))
    parameters = {
        **_TREES,
        **_BAGS,
        **SAME,
        "objective": relative_error,
        "seed": seed,
        "min_data_in_leaf": leaf,
        "interaction_constraints": [[column] for column in range(len(names))],
        "monotone_constraints": directions(names),
    }
    model = lightgbm.train(parameters, lightgbm.Dataset(own, log_price - np.median(log_price)), _ROUNDS)
    edges = _edges(model, len(names))
    found = [_curve(model, column, name, edges[column], len(names)) for column, name in enumerate(names)]
    return [_unknown_as_usual(curve, own[:, column]) for column, curve in enumerate(found)]


def effects(curves: list[Curve], own: Floats) -> Floats:
    """One column a curve, in logs."""
    columns = [curve.read(own[:, column]) for column, curve in enumerate(curves)]
    return np.column_stack(columns) if columns else np.empty((len(own), 0))


def _curve(model: lightgbm.Booster, column: int, name: str, edges: Floats, width: int) -> Curve:
    middles = (edges[:-1] + edges[1:]) / 2
    points = np.r_[edges[0] - 1, middles, edges[-1] + 1, np.nan] if len(edges) else np.array([0.0, np.nan])
    rows = np.full((len(points) + 1, width), np.nan)
    rows[:-1, column] = points
    found = np.asarray(model.predict(rows, num_threads=1))
    return Curve(name, edges, found[:-2] - found[-1], float(found[-2] - found[-1]))


def _unknown_as_usual(curve: Curve, column: Floats) -> Curve:
    """Where hardly any sale taught what unknown means, it means the median."""
    known = np.isfinite(column)
    if known.mean() <= _NEARLY_ALWAYS:
        return curve
    return replace(curve, unknown=float(curve.read(np.median(column[known], keepdims=True))[0]))


def _edges(model: lightgbm.Booster, width: int) -> list[Floats]:
    """The thresholds of all trees, by column, each once, rising."""
    found: list[set[float]] = [set() for _ in range(width)]
    waiting = [tree["tree_structure"] for tree in model.dump_model()["tree_info"]]
    while waiting:
        node = waiting.pop()
        if "threshold" in node:
            found[node["split_feature"]].add(float(node["threshold"]))
            waiting += [node["left_child"], node["right_child"]]
    return [np.array(sorted(one)) for one in found]
