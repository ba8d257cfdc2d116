"""Categories as what their sales brought: smoothed target encoding in folds, beside the codes of their rank.

A category's figure is the mean of what a hedonic start leaves of its log prices, shrunk toward 0 where its sales are
few (Micci-Barreca 2001). A sale must not read its own price there: the folds are the parts of the parcels, and the
figure of a part is made of the others. Prices are brought to the valuation date before, so the order of the sales in
time does not matter to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from valuation.frames import Floats
from valuation.mass_appraisal import parts
from valuation.mass_appraisal.features import Encoder
from valuation.mass_appraisal.parts import Parts

_SHRINK = 20.0  # sales that a category needs to count as much as what is known of all
_ODD = 1.0  # logs beyond which what the start leaves counts no further


@dataclass(frozen=True)
class Encodings:
    """``effects``: for each category a row of each known code and a column of each part that is left out, then one of
    all sales; in logs."""

    effects: dict[str, Floats]

    def matrix(self, encoder: Encoder, frame: pd.DataFrame, left_out: Parts) -> Floats:
        """A column for each category; NaN for an unknown one. ``left_out`` as in ``parts``."""
        columns = [np.full(len(frame), np.nan) for _ in self.effects]
        for column, (name, effects) in zip(columns, self.effects.items(), strict=True):
            code = encoder.codes(frame, name)
            known = np.isfinite(code)
            column[known] = effects[code[known].astype(np.intp), left_out[known]]
        return np.column_stack(columns) if columns else np.empty((len(frame), 0))


def learn(encoder: Encoder, sales: pd.DataFrame, target: Floats, part: Parts) -> Encodings:
    """``target``: what the start leaves of the log prices; ``part``: that of each sale's parcel."""
    away = np.clip(target - np.median(target), -_ODD, _ODD)
    effects = {}
    for name, levels in encoder.levels.items():
        code = encoder.codes(sales, name)
        known = np.isfinite(code)
        total, count = np.zeros((2, len(levels), parts.COUNT))
        where = code[known].astype(np.intp), part[known]
        np.add.at(total, where, away[known])
        np.add.at(count, where, 1)
        others = np.column_stack([one.sum(axis=1, keepdims=True) - one for one in (total, count)])
        without, sales_without = np.hsplit(others, 2)
        effects[name] = np.column_stack(
            [
                without / (sales_without + _SHRINK),
                total.sum(axis=1) / (count.sum(axis=1) + _SHRINK),
            ]
        )
    return Encodings(effects)
