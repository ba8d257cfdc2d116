"""Months, quarters and years as whole numbers, counted from year 0, so that periods without sales have a place too."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from market_analysis.stats.errors import InsufficientSales

MONTHS = {"month": 1, "quarter": 3, "year": 12}
Ints = npt.NDArray[np.int64]


def of_dates(dates: pd.Series[Any], step: str = "month") -> Ints:
    """The period of each date."""
    months = dates.dt.year.to_numpy(dtype=np.int64) * 12 + dates.dt.month.to_numpy(dtype=np.int64) - 1
    return np.asarray(months // MONTHS[step])


def of_date(day: date, step: str = "month") -> int:
    return (day.year * 12 + day.month - 1) // MONTHS[step]


def start(period: int, step: str = "month") -> date:
    """Its first day."""
    month = period * MONTHS[step]
    return date(month // 12, month % 12 + 1, 1)


def name(period: int, step: str = "month") -> str:
    """2016-03, 2016-Q1 or 2016: sorts as it runs."""
    first = start(period, step)
    if step == "year":
        return f"{first.year:04d}"
    if step == "quarter":
        return f"{first.year:04d}-Q{first.month // 3 + 1}"
    return f"{first.year:04d}-{first.month:02d}"


def position(dates: pd.Series[Any]) -> npt.NDArray[np.float64]:
    """Dates as months and fractions of them; the middle of a month is its number and a half."""
    return np.asarray(of_dates(dates) + (dates.dt.day.to_numpy() - 0.5) / dates.dt.days_in_month.to_numpy())


def counted(sales: pd.DataFrame, step: str) -> tuple[Ints, int, int]:
    """Each sale's period counted from the first; that first one; how many there are. TooFewSales below two."""
    if len(sales) == 0:
        raise InsufficientSales("There is no valid sale.")
    period = of_dates(sales["sale_date"], step)
    first = int(period.min())
    count = int(period.max()) - first + 1
    if count < 2:
        raise InsufficientSales(f"An index takes sales in two periods; all are of {name(first, step)}.")
    return period - first, first, count
