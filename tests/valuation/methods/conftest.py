"""A made-up market and a model of it, trained once for all tests."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from tests.market_analysis.data import market
from valuation import mass_appraisal

AS_OF = date(2015, 7, 1)


@pytest.fixture(scope="session")
def sales() -> pd.DataFrame:
    """Three and a half years before the valuation date, and half a year after it."""
    return market(sales=25, noise=0.08)


@pytest.fixture(scope="session")
def trained(sales: pd.DataFrame) -> mass_appraisal.MassAppraisal:
    return mass_appraisal.train(sales, AS_OF)
