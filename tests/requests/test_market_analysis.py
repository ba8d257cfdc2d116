"""What the analyses of a market answer to requests."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from market_analysis.catalogue import ANALYSES
from market_analysis.models import MarketAnalysisJob
from terrafusion.records.models import County, Sale
from tests.conftest import ClientOf
from tests.market_analysis import records
from tests.requests.recording import Case, Form, Recorder, compare, documented, senders

BOX = {"type": "bbox", "coordinates": [-122.5, 46.5, -121.5, 47.5]}
PERIOD = {"from": "2012-01-01", "to": "2013-12-31", "step": "quarter"}
MEMBERS: list[dict[str, Any]] = [
    {"period": "2012"},
    {"period": []},
    {"period": None},
    {"period": {}},
    {"period": {"from": None, "to": None}},
    {"period": {"from": "2015-02-30"}},
    {"period": {"from": "20150101"}},
    {"period": {"from": 2015, "to": ["2016-01-01"]}},
    {"period": {"from": "1700-01-01"}},
    {"period": {"from": "2016-01-01", "to": "2015-01-01"}},
    {"period": {"to": "2199-01-01"}},
    {"period": {"from": "2199-01-01", "to": "2198-01-01"}},
    {"period": {"step": "week"}},
    {"period": {"step": ["month"]}},
    {"period": {"step": None}},
    {"period": {"until": "2015-01-01", "form": 1}},
    {"geography": "moon"},
    {"geography": "sales"},
    {"geography": "neighborhood"},
    {"geography": "districts"},
    {"geography": "districts.code"},
    {"geography": "districts.color"},
    {"geography": "hexgrid:0"},
    {"geography": "hexgrid:1e3"},
    {"geography": "hexgrid:500"},
    {"geography": ""},
    {"geography": None},
    {"geography": 5},
    {"geography": "x" * 100},
    {"geography": []},
    {"property_class": ["R"]},
    {"property_class": ["R", "R", "C"]},
    {"property_class": ["Z", "R"]},
    {"property_class": []},
    {"property_class": "R"},
    {"property_class": None},
    {"property_class": [1, None, {}]},
    {"property_class": ["R"] * 51},
    {"area_of_interest": BOX},
    {"area_of_interest": None},
    {"area_of_interest": "POINT (1 2)"},
    {"area_of_interest": {"type": "bbox", "coordinates": [1, 2]}},
    {"area_of_interest": {"type": "parcels", "parcels": ["P1", "P2"]}},
    {"area_of_interest": {"type": "parcels", "parcels": ["nowhere"]}},
    {"area_of_interest": {"type": "buffer", "parcels": ["P1"], "distance": 300, "units": "ft"}},
    {"area_of_interest": {"type": "district", "layer": "districts", "where": {"code": "W"}}},
    {"area_of_interest": {"type": "bbox", "coordinates": [170, -10, -170, 80]}},
    {"area_of_interest": 5},
    {"area_of_interest": {"type": "bbox", "coordinates": [1, 2, 3, 4], "cs": 1}},
    {"parameters": []},
    {"parameters": None},
    {"parameters": "{}"},
    {"analysis_type": "tea_leaves"},
    {"analysis_type": None},
    {"analysis_type": ["price_index"]},
    {"county_id": None},
    {"county_id": "NOWHERE"},
    {"county_id": "COUNTY02"},
    {"county_id": ["COUNTY01"]},
    {"geografy": "county", "perod": {}},
]
PARAMETERS: list[tuple[str, dict[str, Any]]] = [
    ("price_index", {"methods": []}),
    ("price_index", {"methods": ["median", "median"]}),
    ("price_index", {"methods": ["guess"]}),
    ("price_index", {"methods": "median"}),
    ("price_index", {"methods": [1]}),
    ("price_index", {"methods": ["median", "hedonic_robust"], "shown": "first", "value_tiers": 5}),
    ("price_index", {"methods": None, "shown": None, "confidence": None, "min_sales": None}),
    ("price_index", {"shown": "last", "value_tiers": 0, "confidence": 1, "min_sales": 0}),
    ("price_index", {"shown": 1, "value_tiers": 2.0, "confidence": "0.9", "min_sales": True}),
    ("price_index", {"confidence": 0.5}),
    ("price_index", {"confidence": True}),
    ("price_index", {"min_sales": 10_001}),
    ("price_trend", {"resamples": 98}),
    ("price_trend", {"resamples": 99, "min_sales": 1}),
    ("price_trend", {"methods": ["median"], "resample": 100}),
    ("time_adjustment", {"valuation_date": "2014-01-01"}),
    ("time_adjustment", {"valuation_date": "soon"}),
    ("time_adjustment", {"valuation_date": "1799-12-31"}),
    ("time_adjustment", {"valuation_date": 5}),
    ("sales_activity", {"confidence": 0.9}),
    ("hot_spots", {"measure": "price", "nearest": 50, "alpha": 1, "permutations": 1}),
    ("hot_spots", {"measure": "ratio", "alpha": 0.001, "permutations": 99}),
    ("hot_spots", {"measure": "x", "neighbors": "x"}),
    ("comparable_market_area", {}),
    ("comparable_market_area", {"subject": None}),
    ("comparable_market_area", {"subject": ""}),
    ("comparable_market_area", {"subject": "x" * 101}),
    ("comparable_market_area", {"subject": "a\0b"}),
    ("comparable_market_area", {"subject": 5, "level_weight": -1, "stock_weight": 100.5}),
    ("comparable_market_area", {"subject": "N1", "level_weight": 0, "trend_weight": 2}),
    ("segments", {"by": ["age_band"], "tiers": 2}),
    ("segments", {"by": ["age"], "tiers": 11}),
    ("price_trend", {"screening": {"min_price": -1}}),
    ("price_trend", {"screening": []}),
    ("price_trend", {"screening": None}),
    ("price_trend", {"screening": {"color": 1, "minprice": 2}}),
    ("price_trend", {"screening": {"min_price": 50_000}}),
    ("price_trend", {"screning": {}, "fres": True, "expiresin": 1, "webhok": ""}),
    ("price_trend", {"fresh": True, "expires_in": "1d"}),
    ("price_trend", {"fresh": "perhaps", "expires_in": "soon", "webhook": "http://x"}),
    ("price_trend", {"expires_in": 5}),
    ("price_trend", {"expires_in": "400d"}),
    ("price_trend", {"webhook": "https://example.com/hook"}),
]
EVERYTHING = {
    "analysis_type": "price_index",
    "county_id": "COUNTY01",
    "geography": "districts.color",
    "period": {"from": "soon", "step": "week", "until": "2013"},
    "property_class": ["R", "Z"],
    "area_of_interest": "POINT(1 2)",
    "parameters": {"methods": ["guess"], "confidence": 2, "screening": {"color": 1}, "moon": "full"},
}
SHAPES: list[Case] = [
    ("nothing", {}),
    ("a list", []),
    ("a text", "x"),
    ("a number", 5),
    ("null", None),
    ("no JSON", b"{"),
    ("everything at once", EVERYTHING),
    ("everything and no analysis", {**EVERYTHING, "analysis_type": "x"}),
    ("everything and no county", {**EVERYTHING, "county_id": "x"}),
    ("a form", Form(analysis_type="price_trend", county_id="COUNTY01", property_class="R, C", parameters="{}")),
    ("an empty form", Form()),
    ("a form of nonsense", Form(analysis_type="x", county_id="COUNTY01", period="{", parameters='{"fresh": 2}')),
    ("a viewer", {"analysis_type": "price_trend", "county_id": "COUNTY01"}, "viewer"),
    ("an outsider", {"analysis_type": "price_trend", "county_id": "COUNTY01"}, "outsider"),
]


def cases() -> list[Case]:
    base = {"analysis_type": "price_index", "county_id": "COUNTY01", "period": PERIOD}
    places = {name: "neighborhood" if analysis.several_places else "county" for name, analysis in ANALYSES.items()}
    all_cases = [
        *SHAPES,
        *[(f"member {number} {next(iter(given))}", {**base, **given}) for number, given in enumerate(MEMBERS)],
    ]
    all_cases += [(f"{name} of a county", {**base, "analysis_type": name}) for name in ANALYSES]
    for number, (name, given) in enumerate(PARAMETERS):
        body = {"analysis_type": name, "county_id": "COUNTY01", "geography": places[name], "parameters": given}
        all_cases.append((f"parameters {number} {name}", body))
    return all_cases


def test_answers(
    county: County, other_county: County, analyst: Any, viewer: Any, outsider: Any, client_of: ClientOf
) -> None:
    records.load(county)
    clients = senders(client_of, analyst=analyst, viewer=viewer, outsider=outsider)
    recorder = Recorder(MarketAnalysisJob, reverse("market_analysis:run"), county, clients)
    answers = recorder.answers([*cases(), *documented("market-analysis.md", "analysis_type", county)])
    Sale.objects.all().delete()
    answers |= recorder.answers([("no sales", {"analysis_type": "price_trend", "county_id": county.pk})])
    compare("market_analysis", answers)
