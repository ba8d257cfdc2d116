"""A whole ratio study: every statistic with its interval and whether the standard's range is met."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from valuation.errors import UnusableSales
from valuation.ratio import intervals, measures
from valuation.ratio.chasing import MIN_RATIOS, SalesChasing, sales_chasing
from valuation.ratio.equity import Tier, VerticalEquity, value_deciles, vei
from valuation.ratio.intervals import RESAMPLES, Interval
from valuation.ratio.ranges import acceptable, rounded
from valuation.ratio.trim import outliers
from valuation.study_terms import PropertyKind

FEW = 30
"""Sales below which a study warns; below ``MIN_RATIOS`` (20) it withholds its statistics."""


_LEVELS = ("median", "mean", "weighted_mean")


@dataclass(frozen=True)
class Measure:
    """``met``: the figure is in the acceptable range. ``fails``: the whole interval is outside, so chance does not
    explain it. None where there is no range or no interval."""

    value: float
    interval: Interval | None
    acceptable: tuple[float, float] | None
    met: bool | None
    fails: bool | None


@dataclass(frozen=True)
class RatioStudy:
    """``measures`` by name: median, mean, weighted_mean, cod, prd, prb, mki, ki, vei. Empty when ``withheld`` says why.

    ``sales`` were used, ``trimmed`` left out as extreme. ``price_total`` and ``value_total`` are dollars of the used.
    ``level`` is the share of market value that the values should be at; ``kind`` decides the range of the COD, None
    for several kinds together. ``deciles`` are the median ratios by tenths of value, the lowest first; empty below 100
    sales.
    """

    sales: int
    trimmed: int
    level: float
    kind: PropertyKind | None
    value_total: float
    price_total: float
    withheld: str
    warnings: tuple[str, ...]
    measures: dict[str, Measure]
    vertical_equity: VerticalEquity | None
    deciles: tuple[Tier, ...]
    chasing: SalesChasing | None


def study(
    values: object,
    prices: object,
    kind: PropertyKind | None = PropertyKind.RESIDENTIAL,
    *,
    level: float = 1.0,
    trim: float | None = None,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
    error: float = 0.0,
) -> RatioStudy:
    """Study the values against the prices. ``level`` is the share of market value that the values should be at;
    ``trim`` leaves out ratios so many inter-quartile ranges beyond the quartiles. ``error`` is the standard error in
    logs that all values share, which the intervals of levels then hold. Raises ``UnusableSales``."""
    value, price = measures.checked(values, prices)
    total = price.size
    if trim is not None and total:
        kept = ~outliers(value / price, trim)
        value, price = value[kept], price[kept]
    by_name: dict[str, Measure] = {}
    equity = vei(value, price)
    warnings: list[str] = []
    withheld = ""
    if price.size < MIN_RATIOS:
        withheld = f"Too few sales ({price.size}): a study needs {MIN_RATIOS}."
    else:
        if price.size < FEW:
            warnings.append(f"Few sales ({price.size}): the statistics are rough below {FEW}.")
        for name, (figure, interval) in _figures(value, price, confidence, resamples, seed).items():
            if name in _LEVELS:
                interval = intervals.with_level(figure, interval, error)
            if math.isfinite(figure):
                by_name[name] = _measure(name, figure, interval, acceptable(name, kind, level))
            else:
                warnings.append(f"There is no {name.upper()}: the sales are all of one worth.")
        if equity:
            by_name["vei"] = _measure("vei", equity.index, None, acceptable("vei", kind))
    return RatioStudy(
        sales=price.size,
        trimmed=total - price.size,
        level=level,
        kind=kind,
        value_total=float(value.sum()),
        price_total=float(price.sum()),
        withheld=withheld,
        warnings=tuple(warnings),
        measures=by_name,
        vertical_equity=equity,
        deciles=value_deciles(value, price, error),
        chasing=sales_chasing(value / level, price),
    )


def study_by_group(
    values: object,
    prices: object,
    groups: Sequence[str],
    kind: PropertyKind = PropertyKind.RESIDENTIAL,
    *,
    trim: float | None = None,
    resamples: int = RESAMPLES,
) -> dict[str, RatioStudy]:
    """A study for each class, neighborhood or tier; ``groups`` names the one of each sale."""
    value, price = measures.checked(values, prices)
    if len(groups) != price.size:
        raise UnusableSales("Name the group of each sale.")
    labels = np.asarray(groups, dtype=object)
    return {
        str(name): study(value[labels == name], price[labels == name], kind, trim=trim, resamples=resamples)
        for name in sorted(set(groups))
    }


def value_tiers(values: object, prices: object, tiers: int = 4) -> list[str]:
    """The value tier of each sale, as ``"1 of 4"`` for the lowest, for ``study_by_group``."""
    worth = measures.proxy(*measures.checked(values, prices))
    tier = np.empty(worth.size, np.intp)
    for number, part in enumerate(np.array_split(np.argsort(worth, kind="stable"), tiers), 1):
        tier[part] = number
    return [f"{number} of {tiers}" for number in tier]


def _figures(
    value: measures.Numbers, price: measures.Numbers, confidence: float, resamples: int, seed: int
) -> dict[str, tuple[float, Interval | None]]:
    ratio = value / price
    again = intervals.bootstrap(value, price, resamples=resamples, seed=seed)
    return {
        "median": (float(np.median(ratio)), intervals.median_interval(ratio, confidence)),
        "mean": (float(ratio.mean()), intervals.mean_interval(ratio, confidence)),
        "weighted_mean": (
            measures.weighted_mean(value, price),
            intervals.weighted_mean_interval(value, price, confidence),
        ),
        "cod": (measures.cod(value, price), again.interval("cod", confidence)),
        "prd": (measures.prd(value, price), again.interval("prd", confidence)),
        "prb": (measures.prb(value, price), intervals.prb_interval(value, price, confidence)),
        "mki": (measures.mki(value, price), again.interval("mki", confidence)),
        "ki": (measures.ki(value, price), again.interval("ki", confidence)),
    }


def _measure(name: str, figure: float, interval: Interval | None, bounds: tuple[float, float] | None) -> Measure:
    """Assessed as it is printed, so that no reader finds a figure inside its range called outside."""
    if bounds is None:
        return Measure(figure, interval, None, None, None)
    low, high = bounds
    fails = None if interval is None else interval.high < low or interval.low > high
    return Measure(figure, interval, bounds, low <= rounded(name, figure) <= high, fails)
