"""Too little, or nonsense, is refused in words, or withheld with its reason."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.db import IntegrityError
from django.urls import reverse
from rest_framework.test import APIClient

from market_analysis.catalogue import ANALYSES
from market_analysis.errors import NoSales, TooFewToAnalyze
from market_analysis.models import MarketAnalysisJob
from terrafusion.records import county_time
from terrafusion.records.models import County, PropertyOperational, Sale
from tests.market_analysis.conftest import Analyse

REQUESTS: dict[str, dict[str, Any]] = {
    "hot_spots": {"geography": "neighborhood"},
    "comparable_market_area": {"geography": "neighborhood", "parameters": {"subject": "A"}},
}


@pytest.fixture
def parcel(county: County) -> PropertyOperational:
    made: PropertyOperational = PropertyOperational.objects.create(
        county=county, parcel_number="1", neighborhood="A", living_area_sqft=1000, point=Point(-122, 47, srid=4326)
    )
    return made


def sell(parcel: PropertyOperational, number: int, day: date, price: int = 300_000) -> Sale:
    made: Sale = Sale.objects.create(
        county=parcel.county,
        sale_id=str(number),
        parcel_number=parcel.parcel_number,
        property=parcel,
        sale_date=day,
        sale_price=price,
        point=parcel.point,
    )
    return made


@pytest.mark.parametrize("name", ANALYSES)
def test_no_sales(analyse: Analyse, parcel: PropertyOperational, name: str) -> None:
    sell(parcel, 1, date(2015, 5, 5))
    with pytest.raises(NoSales, match="There are no sales"):
        analyse(name, meanwhile=Sale.objects.all().delete, **REQUESTS.get(name, {}))


@pytest.mark.parametrize("name", ANALYSES)
def test_without_a_sale_nothing_is_queued(api: APIClient, parcel: PropertyOperational, name: str) -> None:
    request = {"analysis_type": name, "county_id": parcel.county_id, **REQUESTS.get(name, {})}
    span = {**request, "period": {"from": "2010-01-01", "to": "2012-12-31"}}

    def refused(body: dict[str, Any]) -> str:
        response = api.post(reverse("market_analysis:run"), body, format="json")
        assert response.status_code == 400, response.content
        (fault,) = response.json()["errors"]
        assert (fault["field"], fault["code"]) == ("county_id", "not_feasible")
        return str(fault["detail"])

    assert refused(request) == f"COUNTY01 has no valid sale. {NoSales.remedy}"
    sell(parcel, 1, date(2015, 5, 5))
    assert refused(span).startswith("COUNTY01 has no valid sale from 2010-01-01 to 2012-12-31. Ask for a longer period")
    box = {"type": "bbox", "coordinates": [-121, 46, -120, 47]}
    assert refused({**request, "area_of_interest": box}).startswith("COUNTY01 has no valid sale in the area.")
    assert not MarketAnalysisJob.objects.exists()
    response = api.post(reverse("market_analysis:run"), request, format="json")
    assert response.status_code == 202, response.content


@pytest.mark.parametrize("name", ANALYSES)
def test_one_sale(analyse: Analyse, parcel: PropertyOperational, name: str) -> None:
    sell(parcel, 1, date(2015, 5, 5))
    if name == "sales_activity":
        result = analyse(name)
        assert (result.table["sales"].sum(), result.summary["seasonality"]) == (1, [])
        assert "24 months" in result.summary["seasonality_withheld"]
    else:
        with pytest.raises(TooFewToAnalyze):
            analyse(name, **REQUESTS.get(name, {}))


@pytest.mark.parametrize("name", ANALYSES)
def test_all_sales_are_invalid(analyse: Analyse, parcel: PropertyOperational, name: str) -> None:
    sold = sell(parcel, 1, date(2015, 5, 5))
    sell(parcel, 2, date(2015, 6, 5), 0)
    with pytest.raises(
        NoSales, match=r"Of 2 sales .* 1 x the price is missing, zero or negative; 1 x the price is below"
    ):
        analyse(name, meanwhile=lambda: Sale.objects.filter(pk=sold.pk).update(sale_price=1), **REQUESTS.get(name, {}))


def test_one_period(analyse: Analyse, parcel: PropertyOperational) -> None:
    for number in range(12):
        sell(parcel, number, date(2015, 5, 1 + number), 300_000 + number)
    with pytest.raises(TooFewToAnalyze, match="two periods; all are of 2015-05"):
        analyse("price_index", parameters={"methods": ["hedonic"]})
    assert analyse("price_trend").table["sales"].tolist() == [12]


def test_sales_of_the_future_are_excluded_and_counted(analyse: Analyse, parcel: PropertyOperational) -> None:
    today = county_time.today(parcel.county)
    for number in range(6):
        sell(parcel, number, today - timedelta(days=number), 300_000 + number)
    sell(parcel, 9, today + timedelta(days=40))
    result = analyse("price_trend", period={"step": "year"})
    assert [item["reason"] for item in result.summary["screening"]["excluded"]] == ["future_date"]
    assert result.summary["period"]["to"] == today.isoformat()


def test_a_place_without_sales_is_not_made_up(analyse: Analyse, parcel: PropertyOperational) -> None:
    PropertyOperational.objects.create(county=parcel.county, parcel_number="2", neighborhood="B")
    for number in range(6):
        sell(parcel, number, date(2015, 5, 1 + number), 300_000 + number)
    trend = analyse("price_trend", "neighborhood").table
    assert set(trend["place"]) == {"A"}
    activity = analyse("sales_activity", "neighborhood").table
    assert activity.set_index("place")["sales"].to_dict() == {"A": 6, "B": 0}


def test_sales_outside_every_place_are_reported(analyse: Analyse, market_county: County) -> None:
    market_county.reference_layers.get().features.get(feature_key="east").delete()
    result = analyse("price_trend", "districts", period={"step": "year"})
    assert set(result.table["place"]) == {"west"}
    assert any("In no place of districts" in note for note in result.summary["notes"])


@pytest.mark.parametrize("name", ANALYSES)
def test_a_geography_without_any_sale(analyse: Analyse, market_county: County, name: str) -> None:
    market_county.reference_layers.get().features.all().delete()
    request = {**REQUESTS.get(name, {}), "geography": "districts"}
    with pytest.raises(NoSales, match="None of the 480 valid sales lies in a place of districts"):
        analyse(name, **request)


def test_negative_prices_do_not_get_in(parcel: PropertyOperational) -> None:
    with pytest.raises(IntegrityError):
        sell(parcel, 1, date(2015, 5, 5), -5)


def test_a_span_of_too_many_periods(analyse: Analyse, parcel: PropertyOperational) -> None:
    for number in range(6):
        sell(parcel, number, date(2015, 5, 1 + number), 300_000 + number)
    with pytest.raises(NoSales, match="more than 2400 periods"):
        analyse("price_trend", period={"from": "1800-01-01"})


@pytest.mark.parametrize(
    ("request_", "field", "expected"),
    [
        ({"period": {"from": "2015-02-30"}}, "period.from", "such as 2024-12-31"),
        ({"period": {"from": "2016-01-01", "to": "2015-01-01"}}, "period.from", "ends on 2015-01-01, before it begins"),
        ({"period": {"to": "2199-01-01"}}, "period.to", "is in the future"),
        ({"period": {"step": "week"}}, "period.step", "month, quarter, year"),
        ({"period": {"step": ["month"]}}, "period.step", "month, quarter, year"),
        ({"period": {"until": "2015-01-01"}}, "period.until", "available: from, to, step"),
        ({"analysis_type": "hot_spots"}, "geography", "compares places"),
        ({"geography": "hexgrid:0"}, "geography", "50 to 100000 meters"),
        ({"geography": "hexgrid:1e3"}, "geography", "hexgrid:<meters>"),
        ({"geography": "sales"}, "geography", "Unknown geography"),
        ({"property_class": ["Z"]}, "property_class", "unknown property class"),
        ({"parameters": {"min_sales": 0}}, "parameters.min_sales", "from 1 to 10000"),
        ({"parameters": {"screening": {"min_price": -1}}}, "parameters.screening.min_price", "from 0 up"),
        ({"parameters": {"screening": []}}, "parameters.screening", "Give an object"),
        (
            {"analysis_type": "comparable_market_area", "geography": "neighborhood"},
            "parameters.subject",
            "parameter is required",
        ),
    ],
)
def test_requests_that_are_wrong(
    api: APIClient, parcel: PropertyOperational, request_: dict[str, Any], field: str, expected: str
) -> None:
    request = {"analysis_type": "price_trend", "county_id": parcel.county_id, **request_}
    response = api.post(reverse("market_analysis:run"), request, format="json")
    assert response.status_code == 400
    faults = {error["field"]: error["detail"] for error in response.json()["errors"]}
    assert expected.lower() in faults[field].lower()
