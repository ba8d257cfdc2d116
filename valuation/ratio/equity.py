"""Vertical equity: the level of the highest-value properties beside that of the lowest, and medians by value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from valuation.errors import UnusableSales
from valuation.ratio.intervals import Interval, median_interval, with_level
from valuation.ratio.measures import Numbers, checked, proxy

_GROUPS = ((501, 10), (51, 4), (20, 2))  # from how many sales, how many groups
_CONFIDENCE = 0.90
_DECILES = 10
_MIN_FOR_DECILES = 100
_CONFIDENCE_OF_A_DECILE = 0.95


@dataclass(frozen=True)
class Tier:
    """The sales of one range of worth or value: from, to (dollars), how many, their median ratio and its interval."""

    low: float
    high: float
    sales: int
    median: float
    interval: Interval | None


@dataclass(frozen=True)
class VerticalEquity:
    """``index``: the median of the highest-value tier less that of the lowest, in percent of the overall median.

    ``significance``: by how much, in the same percent, the 90% intervals of those two tiers stay apart; 0 where they
    meet, when the difference may be chance. It has the sign of the index.
    """

    index: float
    significance: float
    tiers: tuple[Tier, ...]


def vei(values: object, prices: object) -> VerticalEquity | None:
    """None below 20 sales. Two tiers up to 50 sales, four up to 500, then ten."""
    value, price = checked(values, prices)
    groups = next((count for min_sales, count in _GROUPS if price.size >= min_sales), 0)
    if not groups:
        return None
    ratio = value / price
    worth = proxy(value, price)
    order = np.argsort(worth, kind="stable")
    ends = (price.size - 1) * np.arange(1, groups) // groups + 1  # where the quantiles of the worth cut
    tiers = tuple(_tier(ratio[part], worth[part]) for part in np.split(order, ends))
    middle = float(np.median(ratio))
    index = 100 * (tiers[-1].median - tiers[0].median) / middle
    return VerticalEquity(index, 100 * _gap(tiers[0].interval, tiers[-1].interval) / middle, tiers)


def value_deciles(values: object, prices: object, error: float = 0.0) -> tuple[Tier, ...]:
    """Median ratios by tenths of the values themselves, the lowest first, with 95% intervals; empty below 100 sales.

    Groups by price, or by a proxy that contains the price, show bias where prices are only noisy: a home that sold for
    more than its like is in a high group and has a low ratio. Groups by value do not: where the values are even, each
    median is 1. ``error`` as in ``study``.
    """
    value, price = checked(values, prices)
    if price.size < _MIN_FOR_DECILES:
        return ()
    parts = np.array_split(np.argsort(value, kind="stable"), _DECILES)
    return tuple(_tier((value / price)[part], value[part], _CONFIDENCE_OF_A_DECILE, error) for part in parts)


def medians_by_group(values: object, prices: object, groups: Sequence[str], error: float = 0.0) -> dict[str, Tier]:
    """The median ratio of each group, such as a grade, with its 95% interval; ``groups`` names the one of each sale.
    ``error`` as in ``study``."""
    value, price = checked(values, prices)
    if len(groups) != price.size:
        raise UnusableSales("Name the group of each sale.")
    names = np.asarray(groups, dtype=object)
    ratio = value / price
    return {
        str(name): _tier(ratio[names == name], value[names == name], _CONFIDENCE_OF_A_DECILE, error)
        for name in sorted(set(groups))
    }


def _tier(ratio: Numbers, worth: Numbers, confidence: float = _CONFIDENCE, error: float = 0.0) -> Tier:
    median = float(np.median(ratio))
    interval = with_level(median, median_interval(ratio, confidence), error)
    return Tier(float(worth.min()), float(worth.max()), ratio.size, median, interval)


def _gap(low: Interval | None, high: Interval | None) -> float:
    """From the nearer end of one interval to that of the other; 0 where they meet."""
    if low is None or high is None:
        return 0.0
    if high.low > low.high:
        return high.low - low.high
    if high.high < low.low:
        return high.high - low.low
    return 0.0
