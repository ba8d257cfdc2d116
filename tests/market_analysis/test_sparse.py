"""Every analysis over random sparse counties: a place that cannot be computed is withheld, and nothing breaks."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from market_analysis.analyses.market import Market
from market_analysis.catalogue import ANALYSES, INDEX_METHODS, Analysis
from market_analysis.stats.errors import InsufficientSales

_PLACES = ("A", "B", "10")


@st.composite
def markets(draw: st.DrawFn) -> Market:
    """Up to 70 sales of few parcels in up to three places, at few prices, with gaps in the record and in time."""
    count = draw(st.integers(1, 70))
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    days = draw(st.sampled_from([1, 40, 400, 1500]))
    parcel = random.integers(0, draw(st.sampled_from([2, 10, 60])), count)
    spread = draw(st.sampled_from([0.0, 0.2, 2.0]))
    size = np.where(random.random(count) < draw(st.sampled_from([0, 0.3, 1])), np.nan, 1000.0 + 10 * parcel)
    sales = pd.DataFrame(
        {
            "parcel_number": pd.Categorical([f"P{number}" for number in parcel]),
            "sale_date": pd.Timestamp(2015, 1, 1) + pd.to_timedelta(np.sort(random.integers(0, days, count)), "D"),
            "sale_price": np.round(200_000 * np.exp(spread * random.standard_normal(count))).astype(int) + 1,
            "place": pd.Categorical([_PLACES[number % draw(st.sampled_from([1, 3]))] for number in parcel]),
            "living_area_sqft": size,
            "lot_area_sqft": size * 3,
            "year_built": np.where(parcel % 3 == 0, np.nan, 1950.0 + parcel),
            "effective_year_built": 1960.0 + parcel,
            "total_value": np.where(parcel % 5 == 0, np.nan, 190_000.0),
            "bedrooms": 3.0,
            "bathrooms": (parcel % 2) + 1.0,
            "stories": np.nan,
            **{name: pd.Categorical([f"{name}{number % 2}" for number in parcel]) for name in _TEXTS},
        }
    )
    excluded = sales[["sale_date", "sale_price", "place"]].assign(reason=pd.Categorical(["outlier"] * count))
    read = pd.concat([sales[["sale_date", "sale_price", "place"]].assign(reason=""), excluded.head(count // 3)])
    return Market(
        title="Sparse",
        sales=sales,
        read=read.assign(reason=read["reason"].astype("category"), place=read["place"].astype("category")),
        step=draw(st.sampled_from(["month", "quarter", "year"])),
        first=sales["sale_date"].min().date(),
        last=sales["sale_date"].max().date(),
        is_county=draw(st.booleans()),
        stock=lambda: {"A": 100, "B": 0},
        outlines=lambda keys: {
            key: shapely.to_wkb(shapely.box(0.01 * at, 0, 0.01 * (at + 1), 0.01)) for at, key in enumerate(keys)
        },
    )


_TEXTS = ("neighborhood", "property_class", "use_code", "quality", "condition")


def _parameters(analysis: Analysis, min_sales: int) -> dict[str, Any]:
    given: dict[str, Any] = {parameter.name: parameter.default for parameter in analysis.parameters}
    if "min_sales" in given:
        given["min_sales"] = min_sales
    given |= {"subject": "A"} if "subject" in given else {}
    given |= {"methods": list(INDEX_METHODS)} if "methods" in given else {}
    given |= {"permutations": 99} if "permutations" in given else {}
    return given


@pytest.mark.parametrize("name", ANALYSES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(market=markets(), min_sales=st.sampled_from([1, 3, 10]))
def test_sparse_counties_have_an_answer_or_a_reason(name: str, market: Market, min_sales: int) -> None:
    analysis = ANALYSES[name]
    try:
        result = analysis.run(market, _parameters(analysis, min_sales))
    except InsufficientSales:
        return
    json.dumps([result.summary, result.chart], allow_nan=False)
    assert result.message
    names = [column.name for column in result.columns]
    for row in result.rows:
        shown = dict(zip(names, row, strict=True))
        for figure, value in shown.items():
            assert not (isinstance(value, float) and not np.isfinite(value)), (figure, shown)


def test_withheld_figures_are_nowhere() -> None:
    """The last month has one sale: its figure is in no message, summary, area or row."""
    random = np.random.default_rng(1)
    day = pd.to_datetime(["2015-01-15"] * 20 + ["2015-02-15"] * 20 + ["2015-03-15"])
    sales = pd.DataFrame(
        {
            "parcel_number": pd.Categorical([f"P{n}" for n in range(41)]),
            "sale_date": day,
            "sale_price": np.append(np.exp(random.normal(12, 0.1, 40)), 9e6),
            "place": pd.Categorical(["A"] * 41),
        }
    )
    read = sales[["sale_date", "sale_price", "place"]].assign(reason=pd.Categorical([""] * 41))
    market = Market("T", sales, read, "month", date(2015, 1, 1), date(2015, 3, 31))
    parameters = _parameters(ANALYSES["price_index"], 3) | {"methods": ["median"]}
    result = ANALYSES["price_index"].run(market, parameters)
    assert result.rows[-1][4] is None
    assert "2015-02" in result.message
    assert [entry["period"] for entry in result.summary["indices"]] == ["2015-02"]
    assert result.areas[0].values["period"] == "2015-02"
