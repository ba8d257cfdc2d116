"""What the calibration learned holds in the columns and codes in which values are made."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.market_analysis.data import market
from tests.valuation.methods.conftest import AS_OF
from valuation import mass_appraisal
from valuation.mass_appraisal import features

LAST_YEAR = pd.Timestamp(AS_OF) - pd.DateOffset(months=11)


def test_a_category_and_a_column_of_the_last_year_only() -> None:
    sales = market(sales=12, noise=0.08)
    late = (sales["sale_date"] > LAST_YEAR).to_numpy()
    condominium = late & (np.arange(len(sales)) % 4 == 0)
    sales["use_code"] = pd.Categorical(np.where(condominium, "condominium", "house"))
    sales["garage_sqft"] = np.where(late, 200.0 + np.arange(len(sales)) % 300, np.nan)
    trained = mass_appraisal.train(sales, AS_OF)
    assert trained.trees.encoder.levels["use_code"] == {"house": 0, "condominium": 1}
    assert len(trained.value(sales).values) == len(sales)


def test_intervals_stay_with_their_category_when_prices_change_places() -> None:
    """The prices of N0 scatter, those of N3 hardly do; in the last year N0 goes from cheap to dear."""
    sales = market(sales=25, noise=0.03)
    random = np.random.default_rng(5)
    wild = (sales["neighborhood"] == "N0").to_numpy()
    late = (sales["sale_date"] > LAST_YEAR).to_numpy()
    sales["sale_price"] *= np.exp(wild * (random.normal(0, 0.6, len(sales)) + 2.5 * late)).round(6)
    for name in ("longitude", "latitude"):  # codes alone say where a home is
        del sales[name]
    valued = mass_appraisal.train(sales, AS_OF).value(sales).values
    width = np.log(valued["high"] / valued["low"]).groupby(sales["neighborhood"], observed=True).median()
    assert width["N0"] > 1.5 * width[["N1", "N2", "N3"]].max()


def test_the_encoder_looks_at_no_price_of_the_holdout_sales() -> None:
    sales = market(sales=12)
    priced = (sales["sale_date"] <= LAST_YEAR).to_numpy()
    raised = ~priced & (sales["neighborhood"] == "N0").to_numpy()
    other = sales.assign(sale_price=np.where(raised, 1000 * sales["sale_price"], sales["sale_price"]))
    assert features.learn(sales, AS_OF, priced) == features.learn(other, AS_OF, priced)
