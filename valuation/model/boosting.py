"""Gradient-boosted trees on log price, with objectives that odd prices do not move; one thread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import lightgbm
import numpy as np

from valuation.frames import Floats, Progress

_SMOOTH = 0.1
_TREES = {"learning_rate": 0.035, "max_bin": 1023, "num_leaves": 31, "feature_fraction": 0.4}
SAME = {"num_threads": 1, "verbosity": -1, "deterministic": True, "force_row_wise": True}
_BAGS = {"bagging_fraction": 0.7, "bagging_freq": 1}
_ROUNDS = 900
_FEWEST_OF_A_LEAF = (5, 40)  # with few and with many sales


def relative_error(predicted: Floats, data: Any) -> tuple[Floats, Floats]:
    """The error in percent of the price, which the COD averages: gradient and a positive curvature, smoothed near 0."""
    away = np.clip(predicted - data.get_label(), -3, 1)
    error = np.expm1(away)
    size = np.sqrt(error**2 + _SMOOTH**2)
    return error / size * np.exp(away), np.maximum(np.exp(np.minimum(away, 0)) / size, 0.05)


def fit(features: Floats, target: Floats, seed: int, progress: Progress) -> list[lightgbm.Booster]:
    """Two models for the relative error, one for the absolute error in logs; their mean is the prediction.

    ``target`` is what a hedonic start leaves of the log price.
    """
    members = []
    objectives = (relative_error, "regression_l1", relative_error)
    low, high = _FEWEST_OF_A_LEAF
    for number, objective in enumerate(objectives):
        parameters = {**_TREES, **_BAGS, **SAME, "objective": objective, "seed": seed + number}
        parameters["min_data_in_leaf"] = int(np.clip(len(target) // 20, low, high))

        def told(env: Any, number: int = number) -> None:
            progress((number + (env.iteration + 1) / _ROUNDS) / len(objectives))

        members.append(lightgbm.train(parameters, lightgbm.Dataset(features, target), _ROUNDS, callbacks=[told]))
    return members


def quick(
    features: Floats,
    target: Floats,
    seed: int,
    rounds: int = 150,
    leaves: int = 15,
    directions: Sequence[int] = (),
) -> lightgbm.Booster:
    """A small model of squared error, for what serves a larger one. ``directions`` as in ``features``."""
    few = int(np.clip(len(target) // 20, *_FEWEST_OF_A_LEAF))
    parameters = {**_BAGS, **SAME, "objective": "regression", "num_leaves": leaves, "min_data_in_leaf": few}
    if any(directions):
        parameters["monotone_constraints"] = list(directions)
    return lightgbm.train({**parameters, "seed": seed}, lightgbm.Dataset(features, target), rounds)


def predict(members: list[lightgbm.Booster], features: Floats) -> Floats:
    """The mean of what the members say."""
    return np.asarray(np.mean([member.predict(features, num_threads=1) for member in members], axis=0))
