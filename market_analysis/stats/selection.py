"""Which index to show: the one that misses resales it has not seen by the least.

A fifth of the parcels is held out whole; each method is fitted to the sales of the others, and what it says of the
price change between the two sales of each sound holdout pair is compared with what was paid: hpiR's measure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from market_analysis.stats.errors import InsufficientSales
from market_analysis.stats.least_squares import Tick, no_tick
from market_analysis.stats.pairs import sound_pairs
from market_analysis.stats.price_index import MIN_PAIRS, TITLES, by_method
from terrafusion.words import counted

PREFERRED = ("hedonic", "hedonic_robust", "case_shiller", "case_shiller_robust")
"""Where too few resales can be held out: characteristics first, for they need no resales."""
_PARTS = 5
_ALIKE = 0.05  # of the least error: methods whose errors differ by less are as good


@dataclass(frozen=True)
class IndexSelection:
    """``errors`` are the median absolute percentage errors (as fractions) by method, over the same ``pairs``; empty
    where too few could be held out. ``reason`` is a sentence."""

    method: str
    errors: dict[str, float]
    pairs: int
    reason: str


def select(sales: pd.DataFrame, step: str, methods: Sequence[str], tick: Tick = no_tick) -> IndexSelection:
    """One of ``methods``, for these sales."""
    if len(methods) == 1:
        return IndexSelection(methods[0], {}, 0, "It is the only method asked for.")
    part = pd.util.hash_array(sales["parcel_number"].astype(object).to_numpy()) % _PARTS
    held = part == 0
    try:
        resales = sound_pairs(sales[held], step)
    except InsufficientSales:
        return _without(methods, 0)
    predicted: dict[str, np.ndarray] = {}
    for method in methods:
        tick()
        try:
            index = by_method(method, sales[~held], step, tick=tick)
        except InsufficientSales:
            continue
        log = pd.Series(index.log, range(index.first, index.first + len(index.log)))
        ends = [log.reindex(resales.first + at).to_numpy() for at in (resales.earlier, resales.later)]
        predicted[method] = ends[1] - ends[0]
    both = np.isfinite(list(predicted.values())).all(axis=0) if predicted else np.zeros(0, dtype=bool)
    pairs = int(both.sum())
    if pairs < MIN_PAIRS:
        return _without([*predicted] or methods, pairs)
    actual = resales.log_ratio[both]
    errors = {name: float(np.median(np.abs(np.expm1(log[both] - actual)))) for name, log in predicted.items()}
    best = next(name for name in predicted if errors[name] <= min(errors.values()) * (1 + _ALIKE))
    misses = "; ".join(
        f"{TITLES[name]} by {error:.1%}" for name, error in sorted(errors.items(), key=lambda item: item[1])
    )
    reason = f"{counted(pairs, 'resale')} that no method had seen were missed (median) by: {misses}."
    if errors[best] > min(errors.values()):
        reason += f" {TITLES[best]} is the first asked for of those that differ by less than {_ALIKE:.0%} of the error."
    return IndexSelection(best, errors, pairs, reason)


def _without(methods: Sequence[str], pairs: int) -> IndexSelection:
    method = next((name for name in PREFERRED if name in methods), methods[0])
    reason = f"Only {pairs} sound resales could be held out to compare the methods; {MIN_PAIRS} are needed."
    return IndexSelection(method, {}, pairs, reason)
