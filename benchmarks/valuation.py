"""``make bench-valuation``: our methods and tuned opponents on later sales of two real counties, in one run.

Writes build/bench/valuation.json, and build/bench/valuation_limits.json: what stands in the way of less. Values are for
the cut date; ratios are to later prices as paid and as brought to the cut date by a hedonic index of all sales, the
same for every method. Rows ``through`` the product are values of jobs over HTTP, of a county that its loader loaded, on
the columns that it takes; ``pure`` rows are calls of the same methods on all columns. The opponents are given the same
sales and columns each time. ``COUNTY=lucas`` or ``THROUGH=pure`` measures a part.
"""

from __future__ import annotations

import functools
import os
import resource
import time
from collections.abc import Callable, Iterator
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import opponents, platform, valuation_data, valuation_product
from benchmarks import valuation_limits as limits_of
from benchmarks.opponents import Choice, Task
from benchmarks.valuation_data import COUNTIES, sales_of
from benchmarks.valuation_figures import Evaluated, figures
from market_analysis.stats import time_adjustment
from terrafusion.setup.demo.client import Client
from valuation import comparables, mass_appraisal, reconcile
from valuation.frames import Values

Floats = Any
_COUNTIES = os.environ.get("COUNTY", ",".join(COUNTIES)).split(",")
_THROUGH = os.environ.get("THROUGH", "pure,product").split(",")


def run() -> None:
    """Each county whose file is there; rows are saved as they come, so that a run that is cut short keeps them."""
    results: list[dict[str, Any]] = []
    limits: dict[str, Any] = {}
    markets = {name: _Market(sales, COUNTIES[name].cut) for name in _COUNTIES if (sales := sales_of(name)) is not None}
    choices = {name: _choices(market) for name, market in markets.items()}
    if "pure" in _THROUGH:
        for name, market in markets.items():
            for method, evaluated in _pure(market, choices[name]):
                results += _rows(name, market, "pure", method, evaluated)
                platform.save("valuation", results)
            limits[name] = _limits(name, market)
            platform.save("valuation_limits", limits)
    if "product" in _THROUGH and markets:
        platform.use_benchmark_database()
        with platform.site("short", "long") as client:
            for name, market in markets.items():
                for method, evaluated in _product(client, name, market, choices[name]):
                    results += _rows(name, market, "product", method, evaluated)
                    platform.save("valuation", results)


class _Market:
    """The sales of a county, cut at a day; models of it are trained once."""

    def __init__(self, sales: pd.DataFrame, cut: date) -> None:
        self.sales, self.cut = sales, cut
        self.known = sales[sales["sale_date"] < pd.Timestamp(cut)]
        self.test = sales[sales["sale_date"] >= pd.Timestamp(cut)]
        self.homes = self.test.drop(columns=["sale_price", "sale_date"])
        self.price = self.test["sale_price"].to_numpy(dtype=float)
        index = time_adjustment.fit(sales, sales["sale_date"].max().date())
        self.brought = sales["sale_price"].to_numpy(dtype=float) * index.factors(sales["sale_date"], cut).value
        self.adjusted = self.brought[sales["sale_date"] >= pd.Timestamp(cut)]

    @cached_property
    def sold(self) -> Floats | None:
        """Whether the parcel of each test sale had sold before the cut date; None where the file names no parcels."""
        if "parcel_number" not in self.sales:
            return None
        return self.test["parcel_number"].isin(self.known["parcel_number"]).to_numpy()

    @cached_property
    def trained(self) -> tuple[mass_appraisal.MassAppraisal, float]:
        """And the seconds that it took."""
        begun = time.perf_counter()
        return mass_appraisal.train(self.known, self.cut), time.perf_counter() - begun

    @cached_property
    def prepared(self) -> tuple[comparables.SalesComparison, float]:
        """And the seconds that it took."""
        begun = time.perf_counter()
        return comparables.prepare(self.known, self.cut), time.perf_counter() - begun


def _choices(market: _Market) -> dict[str, tuple[Choice, float]]:
    """The settings that each opponent's search chose, and its seconds."""
    chosen = {}
    for method in opponents.TUNED:
        begun = time.perf_counter()
        choice = opponents.search(method, market.known, market.cut)
        chosen[method] = choice, time.perf_counter() - begun
    return chosen


def _pure(market: _Market, choices: dict[str, tuple[Choice, float]]) -> Iterator[tuple[str, Evaluated]]:
    yield from _opponents(Task(market.known, market.homes, market.cut), choices)
    for method, values in _METHODS.items():
        yield method, values(market)


def _opponents(task: Task, choices: dict[str, tuple[Choice, float]]) -> Iterator[tuple[str, Evaluated]]:
    """With the own sales of the homes that are valued and, where there are any, without them, as our methods value. A
    tuned opponent's seconds have those of its search."""
    learners: dict[str, tuple[Callable[[Task], Floats], float]] = {"plain_lightgbm": (opponents.plain, 0.0)}
    for method, (choice, searched) in choices.items():
        learners[method] = functools.partial(opponents.value, method, choice=choice), searched
    for method, (learn, searched) in learners.items():
        begun = time.perf_counter() - searched
        own_sales = bool(opponents.sold_before(task).any())
        yield method, _without_interval(learn(task), begun, own_sales)
        if own_sales:
            yield method, _without_interval(opponents.without_own_sales(learn, task), begun, own_sales=False)


def _without_interval(value: Floats, begun: float, own_sales: bool) -> Evaluated:
    return Evaluated(value, None, None, round(time.perf_counter() - begun, 2), 0.0, own_sales)


def _product(
    client: Client, name: str, market: _Market, choices: dict[str, tuple[Choice, float]]
) -> Iterator[tuple[str, Evaluated]]:
    table = valuation_product.numbered(name, market.sales)
    numbers = table.loc[market.test.index, "parcel_number"]
    county = valuation_product.load(name, table)
    for method in valuation_product.METHODS:
        job = valuation_product.value(client, county, name, method)
        print(f"{name}: {job.message}", flush=True)
        columns = job.values.reindex(numbers)[["value", "value_low", "value_high"]].to_numpy(dtype=float)
        yield method, Evaluated(columns[:, 0], columns[:, 1], columns[:, 2], job.seconds, 0.0)
    known = valuation_product.known_sales(county, name)
    homes = valuation_product.characteristics(county, numbers)
    yield from _opponents(Task(known[[*homes, "sale_date", "sale_price"]], homes, market.cut), choices)


def _mass_appraisal(market: _Market) -> Evaluated:
    trained, seconds = market.trained
    return _timed(market, seconds, lambda: trained.value(market.homes))


def _sales_comparison(market: _Market) -> Evaluated:
    prepared, seconds = market.prepared
    return _timed(market, seconds, lambda: prepared.value(market.homes).values)


def _reconciled(market: _Market) -> Evaluated:
    """Of the two approaches that need no county tables; its seconds are those of both."""
    (trained, first), (prepared, second) = market.trained, market.prepared
    weights = reconcile.weigh(
        {"mass_appraisal": trained.calibration_sales, "sales_comparison": prepared.calibration_sales}
    )

    def values() -> Values:
        both = {
            "mass_appraisal": trained.value(market.homes),
            "sales_comparison": prepared.value(market.homes).values,
        }
        return weights.apply(both, market.homes).values

    return _timed(market, first + second, values)


def _timed(market: _Market, trained: float, values: Callable[[], Values]) -> Evaluated:
    begun = time.perf_counter()
    table = values().values.reindex(market.test.index)
    value, low, high = (table[name].to_numpy() for name in ("value", "low", "high"))
    return Evaluated(value, low, high, round(trained, 2), round(time.perf_counter() - begun, 2))


_METHODS: dict[str, Callable[[_Market], Evaluated]] = {
    "mass_appraisal": _mass_appraisal,
    "sales_comparison": _sales_comparison,
    "reconciled": _reconciled,
}


def _rows(name: str, market: _Market, through: str, method: str, scored: Evaluated) -> list[dict[str, Any]]:
    """One with prices brought to the cut date, one with prices as paid. A test sale without a value is counted."""
    valued = np.isfinite(scored.value)
    about: dict[str, Any] = {"data": name, "split": str(market.cut), "through": through, "method": method}
    about |= {"n_test": int(valued.sum()), "without_value": int((~valued).sum())}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    cost = {"train_s": scored.train_s, "predict_s": scored.predict_s, "peak_rss_mb": round(peak)}
    some = Evaluated(
        scored.value[valued],
        _only(valued, scored.low),
        _only(valued, scored.high),
        0.0,
        0.0,
        scored.own_sales,
    )
    sold = _only(valued, market.sold)
    rows = [
        about | {"adjusted": is_adjusted} | figures(some, paid[valued], sold) | cost
        for is_adjusted, paid in ((True, market.adjusted), (False, market.price))
    ]
    print(*rows, sep="\n", flush=True)
    return rows


def _only(rows: Floats, column: Floats | None) -> Any:
    return None if column is None else column[rows]


def _limits(name: str, market: _Market) -> dict[str, Any]:
    value = market.trained[0].value(market.homes).values["value"].to_numpy()
    limits: dict[str, Any] = {"neighbors_known": limits_of.neighbors_known(market.test, value, market.adjusted)}
    if market.sold is not None:
        limits["resales"] = limits_of.resales(market.sales, market.brought)
        limits["sold_before"] = limits_of.by_group(market.sold, value, market.adjusted)
    county = _values_of_the_county(name)
    if county is not None:
        paid = market.sales["sale_price"].to_numpy(dtype=float)
        limits["county_by_year"] = limits_of.by_year(county, paid, market.sales["sale_date"])
        theirs = county[market.sales.index.get_indexer(market.test.index)]
        limits["beside_the_county"] = limits_of.beside_the_county(value, market.adjusted, market.price, theirs)
    print(limits, flush=True)
    return limits


def _values_of_the_county(name: str) -> Floats | None:
    """The assessor's own values, in the order of ``sales_of``, where the file has them: never shown to a model."""
    if name != "lucas":
        return None
    return pd.read_csv(valuation_data.path(name))["avalue"].to_numpy(dtype=float)


if __name__ == "__main__":
    platform.main(run)
