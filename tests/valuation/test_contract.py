"""Runs keep what every job type promises."""

from __future__ import annotations

from typing import Any

from terrafusion.records.models import County
from tests.contracts import JobContract
from tests.valuation import data
from valuation.models import ValuationJob


class TestContract(JobContract):
    model = ValuationJob

    def prepare(self, county: County) -> None:
        parcels = data.homes(county, 40)
        data.sales(county, parcels, 60)

    def valid(self, county: County) -> dict[str, Any]:
        return {
            "valuation_method": "ratio_study",
            "county_id": county.pk,
            "valuation_date": "2021-01-01",
            "scope": "all",
            "parameters": {"values": "current"},
        }

    def another(self, county: County) -> dict[str, Any]:
        return {**self.valid(county), "scope": {"neighborhoods": ["North"]}}

    def invalid(self, county: County) -> list[tuple[dict[str, Any], set[str]]]:
        valid = self.valid(county)
        everything = {
            "valuation_method": "mass_appraisal",
            "county_id": county.pk,
            "valuation_date": "1776-07-04",
            "scope": {"parcels": ["0001", "nowhere"]},
            "parameters": {"seed": -1, "colour": "red", "confidence": 2, "screening": {"min_price": -1}},
        }
        return [
            ({}, {"county_id", "valuation_date"}),
            ({**valid, "valuation_method": "guess"}, {"valuation_method"}),
            ({**valid, "valuation_date": "soon"}, {"valuation_date"}),
            ({**valid, "valuation_date": "2999-01-01"}, {"valuation_date"}),
            ({**valid, "scope": None}, {"scope"}),
            ({**valid, "scope": "some"}, {"scope"}),
            ({**valid, "scope": []}, {"scope"}),
            ({**valid, "scope": {"parcels": []}}, {"scope"}),
            ({**valid, "scope": {"parcels": ["0001"], "neighborhoods": ["North"]}}, {"scope"}),
            ({**valid, "scope": {"neighborhoods": ["Atlantis"]}}, {"scope"}),
            ({**valid, "scope": {"area_of_interest": {"type": "bbox", "coordinates": [1, 2]}}}, {"scope"}),
            ({**valid, "scope": {"area_of_interest": {"type": "bbox", "coordinates": [1, 2, 3, 4]}}}, {"scope"}),
            ({**valid, "parameters": []}, {"parameters"}),
            ({**valid, "parameters": {"values": "yours"}}, {"parameters"}),
            ({**valid, "parameters": {"sales_from": "2021-02-01", "sales_to": "2021-01-01"}}, {"parameters"}),
            ({**valid, "parameters": {"confidence": 0.9}}, {"parameters"}),
            (everything, {"valuation_date", "scope", "parameters"}),
        ]
