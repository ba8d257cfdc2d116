"""Reports keep what every job type promises."""

from __future__ import annotations

from typing import Any

from reporting.models import ReportJob
from terrafusion.records.models import County
from tests.contracts import JobContract
from tests.reporting import data

AREA = {"type": "bbox", "coordinates": [data.WEST - 0.01, data.SOUTH - 0.01, data.WEST + 0.0012, data.SOUTH + 0.01]}


class TestContract(JobContract):
    model = ReportJob

    def prepare(self, county: County) -> None:
        data.load(county, 12)

    def valid(self, county: County) -> dict[str, Any]:
        return {
            "report_type": "assessment_roll",
            "county_id": county.pk,
            "format": "csv",
            "area_of_interest": AREA,
            "parameters": {"order": "address"},
        }

    def another(self, county: County) -> dict[str, Any]:
        return {**self.valid(county), "format": "json", "area_of_interest": None, "parameters": {"tax_year": 2025}}

    def invalid(self, county: County) -> list[tuple[dict[str, Any], set[str]]]:
        valid = self.valid(county)
        nowhere = {"type": "bbox", "coordinates": [10, 10, 11, 11]}
        return [
            ({}, {"report_type", "county_id"}),
            ({**valid, "report_type": "roll"}, {"report_type"}),
            ({**valid, "format": "docx"}, {"format"}),
            ({**valid, "area_of_interest": {"type": "bbox", "coordinates": [1, 2]}}, {"area_of_interest"}),
            ({**valid, "area_of_interest": nowhere}, {"area_of_interest"}),
            ({**valid, "parameters": []}, {"parameters"}),
            ({**valid, "parameters": {"colour": "red", "tax_year": "soon"}}, {"parameters"}),
            ({**valid, "parameters": {"tax_year": 1990}}, {"parameters"}),
            ({**valid, "parameters": {"property_class": ["Castle"]}}, {"parameters"}),
            ({**valid, "parameters": {"district_layer": "rivers"}}, {"parameters"}),
            ({**valid, "parameters": {"district_layer": "school_districts", "district_label": "x"}}, {"parameters"}),
        ]
