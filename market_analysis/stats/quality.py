"""How good an index is, as hpiR defines it (R package hpiR 0.3: calcRevision, calcVolatility)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from market_analysis.stats.least_squares import Floats


def revision(series: Sequence[Floats]) -> float:
    """Mean over the periods of their mean change in index points, as periods are added one by one."""
    changes = [later[: len(earlier)] - earlier for earlier, later in pairwise(series)]
    return float(pd.DataFrame([pd.Series(change) for change in changes]).mean().mean())


def volatility(index: Floats, window: int = 3) -> float:
    """Mean standard deviation of the period-to-period changes over rolling windows."""
    changes = pd.Series(np.diff(index) / index[:-1])
    return float(changes.rolling(window).std().mean())
