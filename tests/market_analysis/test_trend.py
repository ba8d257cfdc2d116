"""The verdict on adjusting for time, the sales-ratio trend, and the backtest."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from market_analysis.stats import trend_test
from market_analysis.stats.errors import InsufficientSales
from tests.market_analysis.data import market


def test_verdicts() -> None:
    assert trend_test.verdict(1.08, 1.05, 1.11).startswith(
        "Adjust for time: prices of a year before are multiplied by 1.080"
    )
    assert trend_test.verdict(1.005, 0.985, 1.02).startswith("No adjustment needed")
    assert trend_test.verdict(1.01, 0.93, 1.10).startswith("No adjustment shown to be needed")


def test_sales_ratio_trend_of_a_known_market() -> None:
    """Values of one day against prices that rise by 0.6% a month."""
    sales = market(24, 60)
    months = (sales["sale_date"] - pd.Timestamp(2012, 1, 1)).dt.days / 30.4375
    sales["total_value"] = sales["sale_price"] / np.exp(0.006 * months) * 0.9
    trend = trend_test.ratio_trend(sales, 0.95)
    assert trend.rate == pytest.approx(np.expm1(0.072), abs=0.002)
    assert trend.low <= trend.rate <= trend.high
    with pytest.raises(InsufficientSales, match="found 0"):
        trend_test.ratio_trend(sales.assign(total_value=np.nan), 0.95)


def test_backtest_of_a_known_market() -> None:
    missed = trend_test.backtest(market(48), date(2015, 12, 31))
    assert [(span.from_month, span.to_month) for span in missed] == [(1, 3), (4, 6), (7, 12)]
    assert sum(span.sales for span in missed) == 480
    assert abs(missed[-1].error) < 0.03
    assert missed[-1].unadjusted_error < -0.015  # prices had risen since
    with pytest.raises(InsufficientSales):
        trend_test.backtest(market(12), date(2012, 12, 31))
