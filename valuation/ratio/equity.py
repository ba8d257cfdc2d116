"""Vertical equity index: the level of the dearest properties beside that of the cheapest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from valuation.ratio.intervals import Interval, median_interval
from valuation.ratio.measures import Numbers, checked, proxy

_GROUPS = ((501, 10), (51, 4), (20, 2))  # from how many sales, how many groups
_CONFIDENCE = 0.90


@dataclass(frozen=True)
class Tier:
    """The sales of one range of worth: from and to (dollars), how many, their median ratio and its 90% interval."""

    low: float
    high: float
    sales: int
    median: float
    interval: Interval | None


@dataclass(frozen=True)
class VerticalEquity:
    """``index``: the median of the dearest tier less that of the cheapest, in percent of the overall median.

    ``significance``: by how much, in the same percent, the 90% intervals of those two tiers stay apart; 0 where they
    meet, when the difference may be chance. It has the sign of the index.
    """

    index: float
    significance: float
    tiers: tuple[Tier, ...]


def vei(values: object, prices: object) -> VerticalEquity | None:
    """None below 20 sales. Two tiers up to 50 sales, four up to 500, then ten."""
    value, price = checked(values, prices)
    groups = next((count for least, count in _GROUPS if price.size >= least), 0)
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


def _tier(ratio: Numbers, worth: Numbers) -> Tier:
    interval = median_interval(ratio, _CONFIDENCE)
    return Tier(float(worth.min()), float(worth.max()), ratio.size, float(np.median(ratio)), interval)


def _gap(low: Interval | None, high: Interval | None) -> float:
    """From the nearer end of one interval to that of the other; 0 where they meet."""
    if low is None or high is None:
        return 0.0
    if high.low > low.high:
        return high.low - low.high
    if high.high < low.low:
        return high.high - low.low
    return 0.0
