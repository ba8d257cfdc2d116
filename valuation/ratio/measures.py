"""The statistics of a ratio study as single numbers. All take values and prices in dollars, all prices above zero."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from terrafusion.words import counted
from valuation.errors import UnusableSales

Numbers = NDArray[np.float64]
ONE_PRICE = 1e-12
"""Gini's coefficient of prices, up to which they are all one price and it is rounding."""


def checked(values: object, prices: object) -> tuple[Numbers, Numbers]:
    """Both as arrays of one length. Raises ``UnusableSales`` for a price or value that is missing, zero or below."""
    value, price = np.asarray(values, np.float64), np.asarray(prices, np.float64)
    if value.ndim != 1 or value.shape != price.shape:
        raise UnusableSales("Give as many values as prices, each as one list.")
    for name, array in (("value", value), ("price", price)):
        faulty = int(np.count_nonzero(~(np.isfinite(array) & (array > 0))))
        if faulty:
            raise UnusableSales(
                f"Of {counted(array.size, 'sale')}, the {name} of {faulty:,} is missing, zero or negative."
            )
    return value, price


def median(values: object, prices: object) -> float:
    """The ratio in the middle: the level of assessment."""
    value, price = checked(values, prices)
    return float(np.median(value / price))


def mean(values: object, prices: object) -> float:
    """The average ratio; a few extreme ratios move it."""
    value, price = checked(values, prices)
    return float(np.mean(value / price))


def weighted_mean(values: object, prices: object) -> float:
    """The sum of the values over the sum of the prices: each dollar counts the same, not each property."""
    value, price = checked(values, prices)
    return float(value.sum() / price.sum())


def cod(values: object, prices: object) -> float:
    """Coefficient of dispersion: the average distance of a ratio from the median, in percent of the median."""
    value, price = checked(values, prices)
    ratio = value / price
    middle = np.median(ratio)
    return float(100 * np.mean(np.abs(ratio - middle)) / middle)


def prd(values: object, prices: object) -> float:
    """Price-related differential: mean over weighted mean; above 1, high-value properties are valued lower."""
    return mean(values, prices) / weighted_mean(values, prices)


def prb(values: object, prices: object) -> float:
    """Price-related bias: by what share of the median ratio the ratio changes when the property's worth doubles."""
    return prb_fit(*checked(values, prices))[0]


def prb_fit(value: Numbers, price: Numbers) -> tuple[float, float]:
    """PRB and its standard error, of checked arrays: the slope of the ratio's distance from the median (in shares of
    it) on log2 of the worth. NaN where all are worth the same, and the error also below three sales."""
    ratio = value / price
    middle = np.median(ratio)
    worth = np.log2(proxy(value, price))
    away = worth - worth.mean()
    spread = float(away @ away)
    if spread <= 1e-12 * max(1.0, float(worth @ worth)):
        return float("nan"), float("nan")
    difference = (ratio - middle) / middle
    slope = float(away @ difference / spread)
    if ratio.size < 3:
        return slope, float("nan")
    residual = difference - difference.mean() - slope * away
    return slope, float(np.sqrt(residual @ residual / (ratio.size - 2) / spread))


def proxy(value: Numbers, price: Numbers) -> Numbers:
    """What each property is taken to be worth: half its price, half its value at the level of the market. Price alone
    would make any noise in prices look like bias."""
    return 0.5 * price + 0.5 * value / np.median(value / price)


def mki(values: object, prices: object) -> float:
    """Modified Kakwani index: how concentrated the values are, over how concentrated the prices are; 1 is even."""
    concentration, gini = concentrations(*checked(values, prices))
    return concentration / gini if gini > ONE_PRICE else float("nan")


def ki(values: object, prices: object) -> float:
    """Kakwani index: the same as a difference; 0 is even, below 0 high-value properties are valued lower."""
    concentration, gini = concentrations(*checked(values, prices))
    return concentration - gini


def concentrations(value: Numbers, price: Numbers) -> tuple[float, float]:
    """Gini's coefficient of the prices, and the concentration index of the values in the order of price (Quintos 2020).

    Sales of one price share the mean of their ranks, as in the literature (Lerman and Yitzhaki 1989; Kakwani, Wagstaff
    and van Doorslaer 1997). Both figures are linear in the ranks, so this is exactly their mean over all orders of the
    tied sales. Software that ranks tied sales as they come in the file gives one of those orders.
    """
    order = np.argsort(price, kind="stable")
    ordered = price[order]
    _, first, count = np.unique(ordered, return_index=True, return_counts=True)
    rank = np.repeat(first + (count + 1) / 2, count)
    size = price.size

    def gini(amount: Numbers) -> float:
        return float(2 * (rank @ amount) / (size * amount.sum()) - (size + 1) / size)

    return gini(value[order]), gini(ordered)
