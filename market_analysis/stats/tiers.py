"""Value tiers whose members do not depend on the prices that their index is made of.

Tiers by price would put homes that sold too high among the high ones and those that sold too low among the low ones;
when these come back to the usual, the high tier seems to fall and the low one to rise (regression to the mean). So a
home's tier follows from what a hedonic regression expects of its characteristics and place, in no period's money.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse, stats

from market_analysis.stats import hedonic, periods
from market_analysis.stats.errors import InsufficientSales
from market_analysis.stats.least_squares import Floats, wls
from market_analysis.stats.price_index import MIN_FREE
from terrafusion.words import counted

ALIKE = 0.05
"""A p-value below which tiers did not move alike."""


def of_sales(sales: pd.DataFrame, count: int, step: str = "month") -> pd.Series[int]:
    """The tier of each sale, 1 being the lowest of ``count`` equal parts; all sales of a parcel are in one. TooFewSales
    where the records do not distinguish so many."""
    period, _, spans = periods.counted(sales, step)
    dummies = sparse.csr_matrix((np.ones(len(sales)), (np.arange(len(sales)), period)), shape=(len(sales), spans))
    log = np.log(sales["sale_price"].to_numpy(dtype=float))
    # One design for the fit and for what it expects: of a million sales, a second one would be 200 MB.
    design = sparse.hstack([dummies, hedonic.learn(sales).design(sales)], format="csr")
    del dummies
    fit = wls(design, log, lead=spans)
    if fit.freedom < MIN_FREE:
        raise InsufficientSales(f"{counted(len(sales), 'sale')} cannot show what characteristics are worth: no tiers.")
    worth = np.nan_to_num(fit.coefficients)
    worth[:spans] = 0
    expected = pd.Series(design @ worth, index=sales.index)
    expected = expected.groupby(sales["parcel_number"].astype(object)).transform("mean").round(9)
    tier = np.ceil(expected.rank(pct=True) * count).astype(int).clip(1, count)
    if tier.nunique() < count:
        raise InsufficientSales(f"The characteristics on record do not distinguish {count} value tiers.")
    return tier


@dataclass(frozen=True)
class Alike:
    """Cochran's test that several indices moved alike: its p-value, and a sentence."""

    p: float
    text: str


def alike(logs: Floats, errors: Floats) -> Alike:
    """Of the tiers' log indices of one period against one base, and their standard errors."""
    weight = 1 / errors**2
    spread = float(weight @ (logs - weight @ logs / weight.sum()) ** 2)
    p = float(stats.chi2.sf(spread, len(logs) - 1))
    if p < ALIKE:
        return Alike(
            p, f"The value tiers moved unlike each other (p = {p:.3f}): one index for all misses some of them."
        )
    return Alike(p, f"No difference between the value tiers is shown (p = {p:.2f}).")
