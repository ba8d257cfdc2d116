"""The examples of docs/user/areas.md are of the demonstration county, and each gives an area."""

from __future__ import annotations

import json
import re
from typing import Any

from django.contrib.gis.geos import GEOSGeometry, MultiPolygon
from rest_framework.test import APIClient

from terrafusion.records.models import County, PropertyOperational, ReferenceFeature, ReferenceLayer
from tests.conftest import ROOT
from tests.gis_export.conftest import URL

PAGE = (ROOT / "docs" / "user" / "areas.md").read_text(encoding="utf-8")
EXAMPLES: list[Any] = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
SEATTLE = "POLYGON ((-122.35 47.61, -122.34 47.61, -122.34 47.62, -122.35 47.62, -122.35 47.61))"


def test_every_example_gives_an_area(db: None, api: APIClient, county: County) -> None:
    """The county has a parcel and a layer of the demonstration county (tests/records/loading/test_demo.py)."""
    outline = GEOSGeometry(SEATTLE, srid=4326)
    PropertyOperational.objects.create(
        county=county, parcel_number="0001800010", geometry=MultiPolygon(outline, srid=4326), point=outline.centroid
    )
    layer = ReferenceLayer.objects.create(
        county=county,
        name="neighborhoods",
        geometry_type="MultiPolygon",
        field_schema=[{"name": "area", "type": "text"}],
    )
    for code in ("17", "79"):
        ReferenceFeature.objects.create(
            county=county,
            layer=layer,
            feature_key=code,
            attributes={"area": code},
            geometry=MultiPolygon(outline, srid=4326),
        )
    assert len(EXAMPLES) >= 8
    for area in EXAMPLES:
        body = {"export_format": "CSV", "county_id": county.pk, "layers": ["parcels"], "area_of_interest": area}
        answer = api.post(f"{URL}/estimate", body, format="json")
        assert answer.status_code == 200, (area, answer.content)
        assert answer.json()["records"] == 1, area
