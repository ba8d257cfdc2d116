"""Indices by value tier, and those of small places shrunk toward the county's: known truths are found again."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from django.db.models.functions import Now

from market_analysis.models import MarketAnalysisJob
from market_analysis.stats import price_index, shrinkage, tiers
from market_analysis.stats.errors import InsufficientSales
from terrafusion.records import layers
from terrafusion.records.models import County, Sale
from tests.market_analysis.conftest import Analyse
from tests.market_analysis.data import level, market


def _twice_sold() -> pd.DataFrame:
    """Homes sold in 2012 and in 2014, in a market that did not move, each time off what they are worth by chance."""
    homes = market(36, 40).drop_duplicates("parcel_number")
    place = homes["neighborhood"].astype(str).str[1].astype(int)
    worth = 5.5 + 0.9 * np.log(homes["living_area_sqft"]) + 0.1 * place + 0.003 * homes["year_built"]
    random = np.random.default_rng(8)
    sold = [
        homes.assign(sale_price=np.exp(worth + random.normal(0, 0.3, len(homes))), sale_date=pd.Timestamp(year, 6, 15))
        for year in (2012, 2014)
    ]
    return pd.concat(sold, ignore_index=True)


def test_tiers_by_own_price_would_seem_to_move_and_ours_do_not() -> None:
    sales = _twice_sold()
    ours = tiers.of_sales(sales, 3, "year")
    assert ours.value_counts().tolist() == pytest.approx([len(sales) / 3] * 3, abs=3)
    assert (ours.groupby(sales["parcel_number"]).nunique() == 1).all()
    first = sales["sale_date"].dt.year == 2012
    own = sales["sale_price"].where(first).groupby(sales["parcel_number"]).transform("first").rank(pct=True)
    moved = {}
    for name, low in (("ours", ours == 1), ("by price", own <= 1 / 3)):
        moved[name] = price_index.hedonic(sales[low.to_numpy()], "year").value[-1]
    assert moved["by price"] > 105
    assert moved["ours"] == pytest.approx(100, abs=4)


def test_tiers_that_the_records_do_not_show() -> None:
    sales = market(12, 20)[["parcel_number", "sale_date", "sale_price"]]
    with pytest.raises(InsufficientSales, match="do not distinguish 3 value tiers"):
        tiers.of_sales(sales, 3)
    with pytest.raises(InsufficientSales, match="8 sales"):
        tiers.of_sales(market(4, 2), 3)


def test_unlike_tiers_are_reported_as_unlike() -> None:
    errors = np.array([0.02, 0.02, 0.02])
    assert tiers.alike(np.array([0.10, 0.11, 0.12]), errors).p > 0.5
    unlike = tiers.alike(np.array([0.0, 0.1, 0.2]), errors)
    assert unlike.p < 0.001
    assert unlike.text.startswith("The value tiers moved unlike each other")


def test_shrunk_indices_are_nearer_the_truth_and_their_intervals_hold_it() -> None:
    random = np.random.default_rng(3)
    held, ours, theirs = [], [], []
    years = np.full(15, 2.0)
    for _ in range(200):
        error = random.uniform(0.02, 0.12, 15)
        truth = random.normal(0, 0.03 * np.sqrt(2), 15)
        own = truth + random.normal(0, error)
        own[0] = np.nan  # a place without an index of its own
        shrunk = shrinkage.shrink(own, error, years)
        assert shrunk.weight[0] == 0
        held.append(np.abs(shrunk.log - truth) < 1.96 * shrunk.error)
        ours.append((shrunk.log - truth)[1:] ** 2)
        theirs.append((own - truth)[1:] ** 2)
    assert 0.93 < np.mean(held) < 0.97
    assert np.mean(held, axis=0)[0] > 0.92
    assert np.mean(ours) < 0.5 * np.mean(theirs)
    with pytest.raises(InsufficientSales, match="4 places"):
        shrinkage.shrink(own[:4], error[:4], years[:4])


def test_tiers_over_rest(analyse: Analyse, market_county: County) -> None:
    index = analyse("price_index", period={"step": "quarter"}, parameters={"methods": ["hedonic"], "confidence": 0.999})
    table = pd.read_csv(io.BytesIO(index.files["price_index_value_tiers.csv"]))
    assert table["tier"].unique().tolist() == [f"tier {at} of 3" for at in (1, 2, 3)]
    assert table.groupby("period")["sales"].sum().unique().tolist() == [60]
    entries = index.summary["value_tiers"]
    assert [tier["sales"] for tier in entries] == pytest.approx([160] * 3, abs=3)
    truth = 100 * np.exp(np.mean(level(np.arange(21, 24) + 0.5)) - np.mean(level(np.arange(3) + 0.5)))
    assert all(tier["interval"][0] < truth < tier["interval"][1] for tier in entries)
    assert any("not by its own price" in note and "(p = " in note for note in index.summary["notes"])
    without = analyse("price_index", parameters={"methods": ["hedonic"], "value_tiers": 1})
    assert "price_index_value_tiers.csv" not in without.files
    assert "value_tiers" not in without.summary


def test_small_places_over_rest(analyse: Analyse, market_county: County) -> None:
    """N0 keeps a few sales: too few for an index of its own, so it gets the county's, and says so."""
    few = Sale.objects.filter(property__neighborhood="N0").order_by("sale_date", "pk")
    Sale.objects.filter(pk__in=[sale.pk for sale in few[12:]]).delete()
    period = {"from": "2012-01-01", "to": "2013-12-31", "step": "year"}
    request = {"period": period, "parameters": {"methods": ["hedonic"]}}
    result = analyse("price_index", "hexgrid:800", **request)
    shrunk = result.files["price_index_shrunk.csv"]
    table = pd.read_csv(io.BytesIO(shrunk), dtype={"place": str, "period": str, "base_period": str})
    last = table[(table["period"] == "2013") & table["withheld"].isna()]
    assert len(last) >= 4
    own = last[last["index"].notna()]
    between = own[["index", "county_index"]]
    assert (own["shrunk"] >= between.min(axis=1) - 1e-9).all()
    assert (own["shrunk"] <= between.max(axis=1) + 1e-9).all()
    assert ((own["own_weight"] > 0) & (own["own_weight"] < 1)).all()
    none = last[last["index"].isna()]
    assert (none["own_weight"] == 0).all()
    assert none["shrunk"].to_numpy() == pytest.approx(none["county_index"].to_numpy())
    three = analyse("price_index", "neighborhood", **request)
    assert "4 places with their own index are needed" in three.files["price_index_shrunk.csv"].decode()
    assert three.summary["shrunk"] == []
    assert "4 places with their own index" in three.summary["shrunk_withheld"]
    assert "Own weight 0%" in result.summary["shrunk_meaning"]
    assert "shrunk_meaning" not in three.summary


def test_small_places_have_a_shrunk_index_in_the_layer(analyse: Analyse, market_county: County) -> None:
    """A place of N0, which keeps too few sales for an index, is no hole in the map."""
    few = Sale.objects.filter(property__neighborhood="N0").order_by("sale_date", "pk")
    Sale.objects.filter(pk__in=[sale.pk for sale in few[12:]]).delete()
    period = {"from": "2012-01-01", "to": "2013-12-31", "step": "year"}
    result = analyse("price_index", "hexgrid:800", period=period, parameters={"methods": ["hedonic"]})
    job = MarketAnalysisJob.objects.get()
    MarketAnalysisJob.objects.update(status="COMPLETED", completed_at=Now())
    layer = next(layer for layer in layers.layers_of(market_county) if layer.name == "market_price_index")
    assert str(job.pk) in layer.source
    shrunk = {entry["place"]: entry for entry in result.summary["shrunk"]}
    names = ("shrunk", "shrunk_low", "shrunk_high", "shrunk_period", "own_weight", "index", "withheld")
    expressions = {field.name: field.expression for field in layer.fields if field.name in ("place", *names)}
    places = list(layer.queryset.values(**{f"{name}_": expression for name, expression in expressions.items()}))
    assert len(places) == len(shrunk) > 4
    for place in places:
        entry = shrunk[place["place_"]]
        figures = (entry["index"], *entry["interval"], entry["period"], entry["own_weight"])
        assert tuple(place[f"{name}_"] for name in names[:5]) == figures
    small = [place for place in places if place["index_"] is None]
    assert small
    assert all(place["own_weight_"] == 0 and place["withheld_"] for place in small)
