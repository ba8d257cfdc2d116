"""Market analyses keep what every job type promises."""

from __future__ import annotations

from typing import Any

from market_analysis.models import MarketAnalysisJob
from terrafusion.records.models import County
from tests.contracts import JobContract
from tests.market_analysis import records


class TestContract(JobContract):
    model = MarketAnalysisJob

    def prepare(self, county: County) -> None:
        records.load(county)

    def valid(self, county: County) -> dict[str, Any]:
        return {
            "analysis_type": "price_index",
            "county_id": county.pk,
            "period": {"from": "2012-01-01", "to": "2013-12-31", "step": "quarter"},
        }

    def another(self, county: County) -> dict[str, Any]:
        return {**self.valid(county), "geography": "neighborhood", "parameters": {"methods": ["median"]}}

    def invalid(self, county: County) -> list[tuple[dict[str, Any], set[str]]]:
        valid = self.valid(county)
        return [
            ({}, {"analysis_type", "county_id"}),
            ({**valid, "analysis_type": "tea_leaves"}, {"analysis_type"}),
            ({**valid, "geography": "moon"}, {"geography"}),
            ({**valid, "geography": "hexgrid:1"}, {"geography"}),
            ({**valid, "period": "2012"}, {"period"}),
            ({**valid, "period": {"from": "2013-01-01", "to": "2012-01-01"}}, {"period"}),
            ({**valid, "period": {"to": "2199-01-01"}}, {"period"}),
            ({**valid, "parameters": {"methods": []}}, {"parameters"}),
            ({**valid, "parameters": {"screening": {"min_price": -1}}}, {"parameters"}),
            (
                {
                    "analysis_type": "price_index",
                    "county_id": county.pk,
                    "geography": "districts.colour",
                    "period": {"from": "soon", "step": "week", "until": "2013"},
                    "property_class": ["R", "Z"],
                    "area_of_interest": "POINT(1 2)",
                    "parameters": {"methods": ["guess"], "confidence": 2, "screening": {"colour": 1}, "moon": "full"},
                },
                {"geography", "period", "property_class", "area_of_interest", "parameters"},
            ),
        ]
