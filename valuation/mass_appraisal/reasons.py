"""Reasons in dollars: a small model repeats what the large one says, and its Shapley values are grouped and converted.

Log contributions become dollars by the logarithmic mean of value and base (the additive LMDI decomposition, Ang 2004):
exact, whatever the order. What the small model does not repeat is the reason ``combined_effects``; also that more of
what is in ``features.RISING`` may count against a property in the large one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import lightgbm
import numpy as np
import pandas as pd

from terrafusion.money import half_up
from valuation.frames import Floats
from valuation.mass_appraisal import boosting
from valuation.mass_appraisal.features import directions

_ROUNDS = 250
_LEAVES = 10
_SAMPLE = 2000  # sales that give the mean sizes


@dataclass(frozen=True)
class Reasons:
    """``groups`` is the reason of each feature; ``names`` are the columns that come out, ``base`` first."""

    model: lightgbm.Booster
    groups: list[str]
    share: float  # of the large model's variance that the small one repeats

    sizes: dict[str, float]  # mean size of each reason, in logs

    @property
    def names(self) -> list[str]:
        return ["base", *dict.fromkeys(self.groups), "combined_effects"]

    def dollars(self, features: Floats, log_value: Floats) -> Floats:
        """One column for each of ``names``; the rows sum to the values."""
        logs = _grouped(self.model, self.groups, features)
        base = logs[:, 0]
        logs[:, -1] = log_value - logs.sum(axis=1)
        value, usual = np.exp(log_value), np.exp(base)
        away = log_value - base
        small = np.abs(away) < 1e-9
        dollars = logs * np.where(small, value, (value - usual) / np.where(small, 1.0, away))[:, None]
        dollars[:, 0] = value - dollars[:, 1:].sum(axis=1)
        return dollars


def learn(
    features: Floats, groups: list[str], log_value: Floats, seed: int, more: Mapping[str, int] | None = None
) -> Reasons:
    """From the features of sales and what the large model says of them; ``more`` directions beside ``RISING``."""
    held = directions(groups, more or {})
    model = boosting.quick(features, log_value, seed, rounds=_ROUNDS, leaves=_LEAVES, directions=held)
    left = log_value - boosting.predict([model], features)
    some = np.random.default_rng(seed).permutation(len(features))[:_SAMPLE]
    sizes = np.abs(_grouped(model, groups, features[some])).mean(axis=0)[1:-1]
    share = 1 - float(np.var(left)) / max(float(np.var(log_value)), 1e-12)
    return Reasons(model, groups, share, dict(zip(dict.fromkeys(groups), map(float, sizes), strict=True)))


def _grouped(model: lightgbm.Booster, groups: list[str], features: Floats) -> Floats:
    """The expected log value, the sum of Shapley values of each group, and a column left for the rest."""
    shap = np.asarray(model.predict(features, num_threads=1, pred_contrib=True))
    names = list(dict.fromkeys(groups))
    logs = np.zeros((len(features), len(names) + 2))
    logs[:, 0] = shap[:, -1]
    for column, group in enumerate(groups):
        logs[:, 1 + names.index(group)] += shap[:, column]
    return logs


def reasons_in_dollars(row: pd.Series[float], total: int) -> dict[str, int]:
    """A row of reasons in whole dollars that sum to ``total``; ``base`` first, then the largest. What rounding leaves
    goes to ``base``."""
    order = sorted((name for name in row.index if name != "base"), key=lambda name: -abs(row[name]))
    whole = {name: int(half_up(row[name])) for name in order}
    return {"base": total - sum(whole.values()), **whole}
