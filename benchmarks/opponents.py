"""The opponents of our methods: LightGBM as it comes, LightGBM tuned by a search on a time split, and CatBoost.

Each is given the same columns of the same sales as our methods and is asked for the values of the cut date. What a
search may choose besides the learner's own settings is how time is handled: the sale's date as a feature, or prices
brought to the cut date by our own time adjustment, which trees cannot do by themselves.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from catboost import CatBoostRegressor

from market_analysis.stats import time_adjustment
from valuation import ratio

Floats = Any
_TRIALS = {"lightgbm_tuned": int(os.environ.get("TRIALS", "24")), "catboost": int(os.environ.get("TRIALS", "24")) // 4}
_MAX_ROUNDS = 3_000
_PATIENCE = 100
_SEED = 20_261
_NOT_FEATURES = ["sale_price", "sale_date", "parcel_number", "sale"]
_SPACES: dict[str, dict[str, list[Any]]] = {
    "lightgbm_tuned": {
        "num_leaves": [15, 31, 63, 127],
        "learning_rate": [0.02, 0.03, 0.05, 0.1],
        "min_data_in_leaf": [5, 10, 20, 40],
        "feature_fraction": [0.5, 0.7, 0.9, 1.0],
        "bagging_fraction": [0.6, 0.8, 1.0],
        "lambda_l2": [0.0, 1.0, 10.0],
        "objective": ["regression", "regression_l1", "huber"],
        "prices": ["as_paid", "adjusted"],
    },
    "catboost": {
        "depth": [6, 8],
        "learning_rate": [0.05, 0.08],
        "l2_leaf_reg": [1.0, 3.0, 10.0],
        "loss_function": ["RMSE", "MAE"],
        "prices": ["as_paid", "adjusted"],
    },
}


@dataclass(frozen=True)
class Task:
    """Sales before ``cut`` to learn from, and homes to be valued at ``cut`` with the same columns."""

    known: pd.DataFrame
    homes: pd.DataFrame
    cut: date

    @cached_property
    def features(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Of the sales and of the homes: texts as categories with codes in common, ``years`` before the cut."""
        both = pd.concat([self.known, self.homes]).drop(columns=_NOT_FEATURES, errors="ignore")
        numbers = [pd.api.types.is_numeric_dtype(both[name]) for name in both]
        for name, number in zip(both.columns, numbers, strict=True):
            both[name] = both[name].astype(float) if number else both[name].astype(str).astype("category")
        years = (self.known["sale_date"] - pd.Timestamp(self.cut)).dt.days / 365.25
        first, rest = both.iloc[: len(self.known)], both.iloc[len(self.known) :]
        return first.assign(years=years.to_numpy(dtype=float)), rest.assign(years=0.0)

    def log_prices(self, prices: str) -> Floats:
        """Of the sales, as paid or brought to the cut date by the sales before it."""
        paid = self.known["sale_price"].to_numpy(dtype=float)
        return np.log(paid if prices == "as_paid" else paid * self._factors)

    @cached_property
    def _factors(self) -> Floats:
        return time_adjustment.fit(self.known, self.cut).factors(self.known["sale_date"], self.cut).value


@dataclass(frozen=True)
class Choice:
    """The settings with the lowest COD on the last year of the sales, and with how many rounds."""

    settings: dict[str, Any]
    rounds: int
    cod: float


def sold_before(task: Task) -> Floats:
    """Which of the homes are among the sales to learn from; none where the data names no parcels."""
    if "parcel_number" not in task.known:
        return np.zeros(len(task.homes), dtype=bool)
    return task.homes["parcel_number"].isin(task.known["parcel_number"]).to_numpy()


def without_own_sales(learn: Callable[[Task], Floats], task: Task) -> Floats:
    """What ``learn`` says of each home without its own sales, as our methods value: homes that had sold before the cut
    are valued by a second model, which lacks the sales of all of them."""
    value, sold = learn(task), sold_before(task)
    others = task.known[~task.known["parcel_number"].isin(task.homes["parcel_number"])]
    value[sold] = learn(Task(others, task.homes[sold], task.cut))
    return value


def plain(task: Task) -> Floats:
    """LightGBM as it comes, 600 trees, on the columns and the date."""
    known, homes = (_numeric(frame) for frame in task.features)
    data = lightgbm.Dataset(known, task.log_prices("as_paid"))
    trees = lightgbm.train({"num_threads": 1, "verbosity": -1}, data, 600)
    return np.exp(np.asarray(trees.predict(homes)))


def search(method: str, known: pd.DataFrame, cut: date) -> Choice:
    """Random settings, each learned on the sales up to a year before ``cut`` with early stopping on that year, whose
    prices are brought to its beginning by an index of all sales before ``cut``."""
    begin = pd.Timestamp(cut - timedelta(days=365))
    later = known["sale_date"] >= begin
    task = Task(known[~later], known[later], begin.date())
    index = time_adjustment.fit(known, known["sale_date"].max().date())
    later_sales = known[later]
    price = later_sales["sale_price"].to_numpy(dtype=float) * index.factors(later_sales["sale_date"], task.cut).value
    random = np.random.default_rng(_SEED)
    best: Choice | None = None
    for _ in range(_TRIALS[method]):
        settings = {name: options[random.integers(len(options))] for name, options in _SPACES[method].items()}
        value, rounds = _LEARNERS[method](task, settings, np.log(price), None)
        cod = ratio.cod(value, price)
        if best is None or cod < best.cod:
            best = Choice(settings, rounds, round(cod, 3))
            print(f"{method}: {best}", flush=True)
    assert best is not None
    return best


def value(method: str, task: Task, choice: Choice) -> Floats:
    """Values of the homes by the settings chosen, learned on all sales."""
    return _LEARNERS[method](task, choice.settings, None, choice.rounds)[0]


def _lightgbm(task: Task, settings: dict[str, Any], later: Floats | None, rounds: int | None) -> tuple[Floats, int]:
    known, homes = task.features
    chosen = {name: setting for name, setting in settings.items() if name != "prices"}
    fixed = {"num_threads": 1, "verbosity": -1, "bagging_freq": 1, "seed": _SEED, "metric": "l1"}
    data = lightgbm.Dataset(known, task.log_prices(settings["prices"]))
    stop = [] if later is None else [lightgbm.early_stopping(_PATIENCE, verbose=False)]
    sets = [] if later is None else [lightgbm.Dataset(homes, later, reference=data)]
    trees = lightgbm.train(fixed | chosen, data, rounds or _MAX_ROUNDS, valid_sets=sets, callbacks=stop)
    return np.exp(np.asarray(trees.predict(homes))), trees.best_iteration or trees.current_iteration()


def _catboost(task: Task, settings: dict[str, Any], later: Floats | None, rounds: int | None) -> tuple[Floats, int]:
    known, homes = task.features
    categories = [name for name in known if isinstance(known[name].dtype, pd.CategoricalDtype)]
    known, homes = (frame.astype(dict.fromkeys(categories, str)) for frame in (known, homes))
    chosen = {name: setting for name, setting in settings.items() if name != "prices"}
    trees = CatBoostRegressor(
        iterations=rounds or _MAX_ROUNDS // 2,
        eval_metric="MAE",
        cat_features=categories,
        random_seed=_SEED,
        thread_count=2,
        allow_writing_files=False,
        verbose=False,
        **chosen,
    )
    stop = {} if later is None else {"eval_set": (homes, later), "early_stopping_rounds": _PATIENCE}
    trees.fit(known, task.log_prices(settings["prices"]), **stop)
    return np.exp(np.asarray(trees.predict(homes))), int(trees.tree_count_)


def _numeric(frame: pd.DataFrame) -> Floats:
    """Categories by their codes."""
    columns = [frame[n].cat.codes if isinstance(frame[n].dtype, pd.CategoricalDtype) else frame[n] for n in frame]
    return np.column_stack(columns).astype(float)


_LEARNERS: dict[str, Callable[..., tuple[Floats, int]]] = {"lightgbm_tuned": _lightgbm, "catboost": _catboost}
TUNED = tuple(_LEARNERS)
