"""Dollars as the county rounds them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from terrafusion.money import all_half_up

Floats = npt.NDArray[np.float64]


def nearest(dollars: Floats, step: int) -> Floats:
    """To the nearest multiple, halves up; what would become nothing is kept in whole dollars. NaN stays."""
    rounded = all_half_up(dollars / step) * step
    return np.where((rounded == 0) & (dollars > 0), np.maximum(all_half_up(dollars), 1.0), rounded)


def ends(low: Floats, high: Floats, value: Floats, step: int) -> tuple[Floats, Floats]:
    """The ends of an interval, outwards, so that rounding never makes it narrower than it is; round its value."""
    return (
        np.minimum(np.maximum(np.floor(low / step) * step, 0.0), value),
        np.maximum(np.ceil(high / step) * step, value),
    )


def lines(amounts: Floats, total: Floats) -> Floats:
    """Amounts (a row each) in whole dollars that add up to ``total``, whole dollars: the largest takes the rest."""
    whole = all_half_up(amounts)
    if whole.shape[1]:
        largest = np.abs(whole).argmax(axis=1)
        whole[np.arange(len(whole)), largest] += total - whole.sum(axis=1)
    return whole
