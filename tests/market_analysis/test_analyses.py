"""Each analysis from the request to its files: figures beside pandas' own, and no NaN anywhere."""

from __future__ import annotations

import io
import json
from datetime import date
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
from django.contrib.gis.geos import Polygon
from lxml import etree
from rest_framework.test import APIClient

from market_analysis.catalogue import ANALYSES
from market_analysis.models import MarketArea
from terrafusion.records.models import County, Sale
from tests.market_analysis import data, records
from tests.market_analysis.conftest import Analyse

REQUESTS: dict[str, dict[str, Any]] = {
    "price_index": {},
    "price_trend": {"geography": "neighborhood", "period": {"step": "quarter"}},
    "time_adjustment": {"parameters": {"valuation_date": "2014-06-30"}},
    "sales_activity": {"geography": "districts"},
    "hot_spots": {"geography": "hexgrid:300"},
    "comparable_market_area": {"geography": "neighborhood", "parameters": {"subject": "N1"}},
    "segments": {},
}


MORE = {"price_index": ["", "_resales", "_value_tiers"], "time_adjustment": ["", "_adjusted_sales"]}


@pytest.mark.parametrize("name", ANALYSES)
def test_files_of_every_analysis(analyse: Analyse, market_county: County, name: str) -> None:
    result = analyse(name, **REQUESTS[name])
    assert list(result.files) == [
        *(f"{name}{more}{ending}" for more in MORE.get(name, [""]) for ending in (".csv", ".xlsx", ".parquet")),
        f"{name}_summary.json",
        f"{name}_chart.vl.json",
        f"{name}_chart.svg",
    ]
    summary = json.loads(result.files[f"{name}_summary.json"], parse_constant=pytest.fail)
    assert summary == result.summary
    screening = summary["screening"]
    assert (screening["sales"], screening["kept"]) == (records.SOUND + records.EXCLUDED, records.SOUND)
    assert {item["reason"]: item["sales"] for item in screening["excluded"]} == {
        "below_lowest_price": 1,
        "deed_not_market": 1,
        "multi_parcel": 1,
    }
    # The three tables say the same.
    parquet = pq.read_table(io.BytesIO(result.files[f"{name}.parquet"]))
    sheet = openpyxl.load_workbook(io.BytesIO(result.files[f"{name}.xlsx"])).active
    assert parquet.column_names == list(result.table.columns)
    assert parquet.num_rows == len(result.table) == sheet.max_row - 1 > 0
    assert "NaN" not in str(parquet.to_pylist())
    assert "nan" not in str(parquet.to_pylist()).lower().replace("nance", "")
    # The picture is sound, says what it is, and has something in it.
    picture = etree.fromstring(result.files[f"{name}_chart.svg"])
    spec = json.loads(result.files[f"{name}_chart.vl.json"], parse_constant=pytest.fail)
    assert picture[0].text == spec["title"]["text"]
    assert picture[1].text == spec["description"]
    assert picture.get("role") == "img"
    shapes = picture.xpath("//*[local-name()='path' or local-name()='rect' or local-name()='line']")
    assert len(shapes) > 10
    assert b"NaN" not in result.files[f"{name}_chart.svg"]
    assert b"href" not in result.files[f"{name}_chart.svg"].replace(b"xlink", b"")


def test_the_same_request_gives_the_same_bytes(analyse: Analyse, market_county: County) -> None:
    for name in ("price_trend", "hot_spots"):
        assert analyse(name, **REQUESTS[name]).files == analyse(name, **REQUESTS[name]).files


def test_price_index_follows_the_market(analyse: Analyse, market_county: County) -> None:
    index = analyse("price_index", parameters={"methods": ["hedonic", "median"]}).table
    hedonic = index[index["method"] == "hedonic"]
    truth = 100 * np.exp(data.level(np.arange(24) + 0.5) - data.level(np.array([0.5])))
    assert hedonic["index"].to_numpy() == pytest.approx(truth, rel=0.1)
    assert ((hedonic["low"] <= truth) & (truth <= hedonic["high"])).mean() > 0.85
    assert (hedonic["sales"] == 20).all()
    assert hedonic["period"].tolist()[:2] == ["2012-01", "2012-02"]


def test_price_trend_beside_pandas(analyse: Analyse, market_county: County) -> None:
    result = analyse("price_trend", **REQUESTS["price_trend"])
    sales = pd.DataFrame(
        Sale.objects.filter(sale_id__regex=r"^\d+$").values("sale_date", "sale_price", "property__neighborhood")
    )
    quarter = pd.to_datetime(sales["sale_date"]).dt.to_period("Q").astype(str).str.replace("Q", "-Q")
    groups = sales["sale_price"].astype(float).groupby([sales["property__neighborhood"], quarter])
    table = result.table.set_index(["place", "period"])
    with_figures = table[table["withheld"].isna()]
    assert len(with_figures) > 10
    for key, row in with_figures.iterrows():
        assert row["median_price"] == groups.median()[key]
        assert row["average_price"] == pytest.approx(groups.mean()[key])
        assert row["sales"] == groups.size()[key]
        assert row["median_price_low"] <= row["median_price"] <= row["median_price_high"]
        assert row["average_price_low"] < row["average_price"] < row["average_price_high"]
    trends = result.summary["trends"]
    assert trends[0].keys() >= {"period", "median_price", "average_price", "sales_count", "median_price_interval"}
    assert len(trends) == 4 * 8
    areas = {area.key: area for area in MarketArea.objects.all()}
    assert set(areas) == {"N0", "N1", "N2", "N3"}
    assert areas["N0"].geometry is not None
    assert areas["N0"].values["yearly_change"] == pytest.approx(np.expm1(0.072), abs=0.06)


def test_thin_cells_are_withheld_and_say_why(analyse: Analyse, market_county: County) -> None:
    Sale.objects.filter(sale_date__lt=date(2012, 2, 1), property__neighborhood="N0").delete()
    cells = analyse("price_trend", "neighborhood", parameters={"min_sales": 4}).table
    empty = cells[(cells["place"] == "N0") & (cells["period"] == "2012-01")].iloc[0]
    assert (empty["sales"], empty["withheld"]) == (0, "no sales")
    assert np.isnan(empty["median_price"])
    thin = cells[(cells["sales"] > 0) & (cells["sales"] < 4)]
    assert len(thin)
    assert (thin["withheld"] == "fewer than 4 sales").all()
    assert thin["median_price"].isna().all()


def test_time_adjustment_is_carried_ahead(analyse: Analyse, market_county: County) -> None:
    factors = analyse("time_adjustment", **REQUESTS["time_adjustment"]).table
    assert factors["period"].iloc[[0, -1]].tolist() == ["2012-01", "2014-06"]
    assert factors[factors["carried_ahead"]]["period"].tolist() == [f"2014-0{month}" for month in range(1, 7)]
    assert (factors["low"] <= factors["factor"]).all()
    truth = np.exp(0.006 * (29.5 - np.arange(30) - 0.5))
    assert factors["factor"].to_numpy() == pytest.approx(truth, rel=0.08)


def test_sales_activity_beside_sql(analyse: Analyse, market_county: County) -> None:
    activity = analyse("sales_activity", "districts", period={"from": "2012-01-01", "to": "2013-12-31", "step": "year"})
    table = activity.table
    assert set(table["place"]) == {"west", "east"}
    assert table["sales"].sum() == records.SOUND
    assert table["excluded"].sum() == records.EXCLUDED
    half = market_county.reference_layers.get().features.get(feature_key="west").geometry
    west = market_county.properties.filter(point__within=half)
    row = table[(table["place"] == "west") & (table["period"] == "2012")].iloc[0]
    assert (row["parcels"], row["days"]) == (west.count(), 366)
    sold = Sale.objects.filter(property__in=west, sale_date__year=2012)
    assert row["sales"] == sold.count()
    assert row["volume"] == sum(sold.values_list("sale_price", flat=True))
    assert row["turnover"] == pytest.approx(sold.count() / west.count() * 365.25 / 366)
    assert len(activity.summary["seasonality"]) == 12


def test_hot_spots_find_the_dear_side(analyse: Analyse, market_county: County) -> None:
    for sale in Sale.objects.filter(property__neighborhood="N2"):
        sale.sale_price *= 2
        sale.save()
    spots = analyse("hot_spots", "hexgrid:300", parameters={"min_sales": 2})
    hot = spots.table[spots.table["spot"] == "hot"]["place"].tolist()
    assert len(hot) >= 3
    areas = MarketArea.objects.filter(key__in=hot)
    centers = [area.geometry.centroid for area in areas if area.geometry]
    assert len(centers) == len(hot)
    assert all(center.x < -121.98 and center.y > 47.015 for center in centers)
    withheld = spots.table[spots.table["withheld"].notna()]
    assert withheld["z"].isna().all()
    assert spots.summary["tested"] + spots.summary["withheld"] == len(spots.table)


def test_comparable_areas_give_reasons(analyse: Analyse, market_county: County) -> None:
    areas = analyse("comparable_market_area", **REQUESTS["comparable_market_area"])
    table = areas.table
    assert table.iloc[0][["place", "rank", "distance", "reasons"]].tolist() == ["N1", 0, 0, "the subject"]
    assert table["distance"].is_monotonic_increasing
    assert table.iloc[1]["reasons"].startswith("alike in ")
    parts = table.iloc[1:][[f"{name}_part" for name in ("level", "trend", "stock", "turnover")]]
    assert parts.sum(axis=1).to_numpy() == pytest.approx(1)
    assert areas.summary["most_alike"][0]["place"] == table.iloc[1]["place"]


def test_segments_share_the_sales(analyse: Analyse, market_county: County) -> None:
    table = analyse("segments", parameters={"tiers": 4}).table
    for _, segments in table.groupby("kind"):
        assert segments["sales"].sum() == records.SOUND
        assert segments["share"].sum() == pytest.approx(1)
    tiers = table[table["kind"] == "value_tier"]
    assert tiers["segment"].tolist() == [f"tier {number} of 4" for number in range(1, 5)]
    assert tiers["median_price"].is_monotonic_increasing
    assert table[table["kind"] == "property_class"]["segment"].tolist() == ["C", "R"]


def test_places_of_layers_and_their_fields(analyse: Analyse, market_county: County) -> None:
    by_key = analyse("price_trend", "districts", period={"step": "year"}).table
    by_field = analyse("price_trend", "districts.code", period={"step": "year"}).table
    assert set(by_key["place"]) == {"west", "east"}
    assert set(by_field["place"]) == {"W", "E"}
    assert sorted(by_key["median_price"]) == sorted(by_field["median_price"])


def test_areas_and_classes_cut_the_sales(analyse: Analyse, market_county: County) -> None:
    corners = (-122.001, 46.9, -121.981, 47.1)
    box = {"type": "bbox", "coordinates": corners}
    kept = analyse("price_trend", area_of_interest=box, property_class=["R"]).summary["screening"]["kept"]
    expected = Sale.objects.filter(point__within=Polygon.from_bbox(corners))
    assert kept == expected.filter(sale_id__regex=r"^\d+$", property__property_class="R").count() > 0


def test_screening_of_a_request(analyse: Analyse, market_county: County) -> None:
    screening = {"excluded_deeds": [], "min_price": 0, "multi_parcel": True, "outlier_iqr": 0, "flip_rise": 0}
    result = analyse("price_trend", parameters={"screening": screening})
    assert result.summary["screening"]["kept"] == records.SOUND + records.EXCLUDED
    assert result.summary["screening"]["rules"]["min_price"] == 0


def test_the_list_of_analyses(api: APIClient, county: County) -> None:
    listed = api.get("/api/v1/market-analysis/analyses").json()
    assert [item["name"] for item in listed] == list(ANALYSES)
    for item in listed:
        for parameter in item["parameters"]:
            assert {"name", "label", "help", "unit", "required", "default", "choices", "schema"} <= parameter.keys()
