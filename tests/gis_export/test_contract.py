"""Exports keep what every job type promises."""

from __future__ import annotations

from typing import Any

from gis_export.models import GisExportJob
from terrafusion.records.models import County
from tests.contracts import JobContract
from tests.gis_export import data

AREA = {"type": "bbox", "coordinates": [data.WEST - 0.01, data.SOUTH - 0.01, data.WEST + 0.01, data.SOUTH + 0.01]}


class TestContract(JobContract):
    model = GisExportJob

    def prepare(self, county: County) -> None:
        data.load(county)

    def valid(self, county: County) -> dict[str, Any]:
        return {
            "export_format": "GeoJSON",
            "county_id": county.pk,
            "area_of_interest": AREA,
            "layers": ["parcels"],
            "parameters": {"include_assessment_data": True},
        }

    def another(self, county: County) -> dict[str, Any]:
        return {**self.valid(county), "export_format": "CSV", "layers": ["zoning", "sales"]}

    def invalid(self, county: County) -> list[tuple[dict[str, Any], set[str]]]:
        valid = self.valid(county)
        return [
            ({}, {"export_format", "county_id", "layers"}),
            ({**valid, "export_format": "Shape"}, {"export_format"}),
            ({**valid, "export_format": None, "layers": []}, {"export_format", "layers"}),
            ({**valid, "layers": ["parcels", "rivers"]}, {"layers"}),
            ({**valid, "layers": "parcels"}, {"layers"}),
            ({**valid, "layers": ["parcels", "parcels"]}, {"layers"}),
            ({**valid, "area_of_interest": {"type": "bbox", "coordinates": [1, 2]}}, {"area_of_interest"}),
            ({**valid, "parameters": []}, {"parameters"}),
            ({**valid, "parameters": {"crs": "EPSG:1"}}, {"parameters"}),
            (
                {
                    "export_format": "Shape",
                    "county_id": county.pk,
                    "layers": ["rivers"],
                    "area_of_interest": "POINT(1 2)",
                    "parameters": {"crs": "x", "package": "tar", "fields": 5, "colour": "red"},
                },
                {"export_format", "layers", "area_of_interest", "parameters"},
            ),
        ]
