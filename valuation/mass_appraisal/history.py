"""The sales that a model may learn from, at prices of the valuation date, and the holdout sales that evaluate it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from market_analysis.stats import time_adjustment
from market_analysis.stats.errors import InsufficientSales
from terrafusion import words
from valuation.frames import Floats
from valuation.mass_appraisal.features import as_number, texts
from valuation.thresholds import MIN_SALES

_HELD_YEARS = 1.0
_HELD_SHARE = 0.4  # of the sales at most, when the last year has more
_MIN_HELD = 30
_LAST_YEAR = 2100  # a later year built is an error, not a plan
_OLD = 183  # days since the last sale
_DRIFT = 0.06  # logs that a market moves in a year, where the sales cannot show its course


@dataclass(frozen=True)
class History:
    """``sales`` in order of date (``index`` are their labels), ``years`` before the valuation date are negative; those
    ``held`` back are the latest, from ``held_from`` (years) on. ``facts`` are for the model's card.

    ``error`` is the standard error in logs of the market's level at ``as_of``, beyond that of its level at the
    holdout sales, which is in what they are off: it is part of any value's interval.
    """

    as_of: date
    sales: pd.DataFrame
    index: Any
    log_price: Floats
    years: Floats
    held: npt.NDArray[np.bool_]
    held_from: float
    error: float
    flags: tuple[str, ...]
    facts: dict[str, Any]


def learn_history(sales: pd.DataFrame, as_of: date) -> History:
    """Sales up to ``as_of`` with a price and a date, each once. Raises InsufficientSales for fewer than 100."""
    price = pd.to_numeric(sales["sale_price"], errors="coerce").to_numpy(dtype=float)
    dates = pd.to_datetime(sales["sale_date"])
    sound = np.isfinite(price) & (price > 0) & dates.notna().to_numpy()
    known = sales.assign(sale_price=price, sale_date=dates)[sound & (dates <= pd.Timestamp(as_of)).to_numpy()]
    later = int(sound.sum()) - len(known)
    columns = [name for name in known if name not in ("sale", "sale_id")]
    twice = known[columns].astype(object).duplicated().to_numpy()
    land = _built_later(known)
    known = known[~twice & ~land].sort_values("sale_date", kind="stable")
    if len(known) < MIN_SALES:
        raise InsufficientSales(
            f"At least {MIN_SALES} valid sales up to {words.day(as_of)} are needed; found {len(known)}"
            + (f" ({later} are later)." if later else ".")
        )
    index, known = known.index, known.reset_index(drop=True)
    factor, trend, uncertain = _factors(known, as_of)
    log_price = np.log(known["sale_price"].to_numpy(dtype=float) * factor)
    years = (known["sale_date"] - pd.Timestamp(as_of)).dt.days.to_numpy(dtype=float) / 365.25
    held = _held(years)
    error = _error(known, held, as_of, uncertain)
    last = known["sale_date"].iloc[-1].date()
    flags = [*([] if trend else ["no_trend"]), *(["old_sales"] if (as_of - last).days > _OLD else [])]
    facts = {
        "sales": len(known),
        "first_sale": known["sale_date"].iloc[0].date().isoformat(),
        "last_sale": last.isoformat(),
        "holdout_sales": int(held.sum()),
        "holdout_from": known["sale_date"][held].iloc[0].date().isoformat(),
        "left_out_sales": {
            "without_price_or_date": int((~sound).sum()),
            "after_the_valuation_date": later,
            "recorded_twice": int(twice.sum()),
            "built_after_the_sale": int((land & ~twice).sum()),
        },
        "trend": trend,
        "market_error": round(error, 5),
        "sha256": hashlib.sha256(
            pd.util.hash_pandas_object(known.astype(str), index=False).to_numpy().tobytes()
        ).hexdigest(),
    }
    return History(as_of, known, index, log_price, years, held, float(years[held][0]), error, tuple(flags), facts)


def with_prices(history: History, values: pd.DataFrame) -> pd.DataFrame:
    """Holdout sales with what an approach said of them (``value``, ``low``, ``high`` by the rows of
    ``history.sales``) and what they sold for: ``sale_price`` as paid and ``price`` at the valuation date. The index is
    that of the sales as they came."""
    sales = history.sales.loc[values.index]
    frame = values.assign(
        price=np.exp(history.log_price[values.index]),
        sale_price=sales["sale_price"].to_numpy(dtype=float),
        sale_date=sales["sale_date"].to_numpy(),
    )
    for name in ("property_class", "neighborhood", "quality"):
        frame[name] = texts(sales, name).to_numpy()
    return frame.set_axis(history.index[values.index])


def _built_later(known: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """What sold was the land, or another building than the one on record."""
    if "year_built" not in known:
        return np.zeros(len(known), dtype=bool)
    built = as_number(known, "year_built")
    with np.errstate(invalid="ignore"):
        return np.asarray((built > known["sale_date"].dt.year.to_numpy()) & (built <= _LAST_YEAR))


_Uncertain = Callable[[date, date], float]
"""The standard error in logs of what brings a price of one day to another."""


def _factors(known: pd.DataFrame, as_of: date) -> tuple[Floats, list[dict[str, Any]], _Uncertain]:
    """What brings each price to the valuation date, that by year, and how uncertain it is; ones where the sales show no
    trend."""
    try:
        index = time_adjustment.fit(known, as_of)
    except InsufficientSales:
        return np.ones(len(known)), [], lambda day, to: _DRIFT * float(np.sqrt(max((to - day).days, 0) / 365.25))
    first = known["sale_date"].iloc[0]
    starts = [first, *[pd.Timestamp(year, 1, 1) for year in range(first.year + 1, as_of.year + 1)]]
    days = [day for day in starts if day.date() <= as_of]
    factors = index.factors(pd.Series(days), as_of)
    steps = [
        {
            "from": day.date().isoformat(),
            "factor": round(float(value), 4),
            "low": round(float(low), 4),
            "high": round(float(high), 4),
        }
        for day, value, low, high in zip(days, factors.value, factors.low, factors.high, strict=True)
    ]

    def uncertain(day: date, to: date) -> float:
        return float(index.factors(pd.Series([pd.Timestamp(day)]), to).error[0])

    return index.factors(known["sale_date"], as_of).value, steps, uncertain


def _error(known: pd.DataFrame, held: npt.NDArray[np.bool_], as_of: date, uncertain: _Uncertain) -> float:
    """By how much the level at the valuation date, as the middle sale of all gives it, is more uncertain than that at
    the middle one of the holdout sales, as the middle one of those before gives it."""

    def middle(rows: npt.NDArray[np.bool_]) -> date:
        dates = known["sale_date"][rows]
        day: date = dates.iloc[len(dates) // 2].date()
        return day

    at_held = uncertain(middle(~held), middle(held))
    return float(np.sqrt(max(uncertain(middle(held | ~held), as_of) ** 2 - at_held**2, 0.0)))


def _held(years: Floats) -> npt.NDArray[np.bool_]:
    """The last year of sales; of a short history so much of its end as leaves most to learn from."""
    begin = max(years[-1] - _HELD_YEARS, float(np.quantile(years, 1 - _HELD_SHARE)))
    held = years >= begin
    if held.sum() < _MIN_HELD:
        held = years >= np.sort(years)[-_MIN_HELD]
    if held.all():  # all of one day
        held = np.arange(len(years)) >= len(years) * (1 - _HELD_SHARE)
    return np.asarray(held)
