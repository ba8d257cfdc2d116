"""Gradient-boosted trees on log price, with objectives that odd prices do not move; one thread."""

from __future__ import annotations

from collections.abc import Sequence

import lightgbm
import numpy as np
from lightgbm.callback import CallbackEnv

from valuation.frames import Floats, Progress
from valuation.mass_appraisal import parts
from valuation.mass_appraisal.parts import Parts

_SMOOTH = 0.1
_TREES = {"learning_rate": 0.05, "max_bin": 1023, "num_leaves": 20, "feature_fraction": 0.3}
SAME = {"num_threads": 1, "verbosity": -1, "deterministic": True, "force_row_wise": True}
_BAGS = {"bagging_fraction": 0.7, "bagging_freq": 1}
_ROUNDS = (150, 1200)  # with few and with many sales
_MANY_ROUNDS = 600  # up to which a tree is added for five sales, and then for twenty
_MIN_OF_A_LEAF = (5, 40)  # with few and with many sales


def relative_error(predicted: Floats, data: lightgbm.Dataset) -> tuple[Floats, Floats]:
    """The error in percent of the price, which the COD averages: gradient and a positive curvature, smoothed near 0."""
    away = np.clip(predicted - data.get_label(), -3, 1)
    error = np.expm1(away)
    size = np.sqrt(error**2 + _SMOOTH**2)
    return error / size * np.exp(away), np.maximum(np.exp(np.minimum(away, 0)) / size, 0.05)


def fit(
    features: Floats, target: Floats, part: Parts, seed: int, progress: Progress, directions: Sequence[int] = ()
) -> list[lightgbm.Booster]:
    """A member for each part, learned without that part, for the relative error.

    ``target`` is what a hedonic start leaves of the log price; ``part`` is that of each sale's parcel. ``directions``
    of the columns: 1 where the members may only rise, -1 where they may only fall, 0 for either.
    """
    members: list[lightgbm.Booster] = []
    for number in range(parts.COUNT):
        parameters = {**_TREES, **_BAGS, **SAME, "objective": relative_error, "seed": seed + number}
        parameters |= _held(directions)
        rows = part != number
        rounds = _rounds(int(rows.sum()))
        parameters["min_data_in_leaf"] = int(np.clip(rows.sum() // 20, *_MIN_OF_A_LEAF))

        def advance(env: CallbackEnv, number: int = number, rounds: int = rounds) -> None:
            progress((number + (env.iteration + 1) / rounds) / parts.COUNT)

        data = lightgbm.Dataset(features[rows], target[rows])
        members.append(lightgbm.train(parameters, data, rounds, callbacks=[advance]))
    return members


def _rounds(sales: int) -> int:
    return int(np.clip(max(min(sales // 5, _MANY_ROUNDS), sales // 20), *_ROUNDS))


def quick(
    features: Floats,
    target: Floats,
    seed: int,
    rounds: int = 150,
    leaves: int = 15,
    directions: Sequence[int] = (),
) -> lightgbm.Booster:
    """A small model of squared error, for what serves a larger one. ``directions`` as in ``fit``."""
    few = int(np.clip(len(target) // 20, *_MIN_OF_A_LEAF))
    parameters = {**_BAGS, **SAME, "objective": "regression", "num_leaves": leaves, "min_data_in_leaf": few}
    parameters |= _held(directions)
    return lightgbm.train({**parameters, "seed": seed}, lightgbm.Dataset(features, target), rounds)


def _held(directions: Sequence[int]) -> dict[str, list[int]]:
    return {"monotone_constraints": list(directions)} if any(directions) else {}


def quick_by_parts(
    features: Floats, target: Floats, part: Parts, seed: int, directions: Sequence[int] = ()
) -> list[lightgbm.Booster]:
    """A small model without each part of the parcels; one of all sales for a part that holds all of them."""
    others = [part != number for number in range(parts.COUNT)]
    taught = [rows if rows.any() else ~rows for rows in others]
    return [quick(features[rows], target[rows], seed, directions=directions) for rows in taught]


def predict_by_parts(models: list[lightgbm.Booster], features: Floats, left_out: Parts) -> Floats:
    """By the model without the part that is left out; by the mean of all where none is (see ``parts``)."""
    predicted = np.empty(len(features))
    for number in np.unique(left_out):
        rows = left_out == number
        predicted[rows] = predict(models if number == parts.COUNT else [models[number]], features[rows])
    return predicted


def predict(members: list[lightgbm.Booster], features: Floats) -> Floats:
    """The mean of what the members say."""
    return np.asarray(np.mean([member.predict(features, num_threads=1) for member in members], axis=0))
