"""Bytes that are expected of exports before there is any history: within a factor of 2 of what comes, for each format
and each option that decides the size, on layers of few and of many vertices."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from gis_export.estimates import sampling
from gis_export.models import GisExportJob
from terrafusion.records.models import County, CountyAccess, PropertyOperational, ReferenceFeature, ReferenceLayer
from tests.gis_export.conftest import FORMATS, STATE_PLANE, URL, Exports, run_export
from tests.gis_export.data import SOUTH, WEST, shape, square

_PARCELS, _SHORES = 300, 40
_STREETS = ("Rainier Avenue South", "1st Ave", "Martin Luther King Junior Way South", "Pike Street")
CASES: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in FORMATS),
    ("CSV", {"options": {"geometry": "none"}}),
    ("CSV", {"options": {"geometry": "point"}, "package": "zip"}),
    ("XLSX", {"options": {"geometry": "none"}}),
    ("GeoJSON", {"package": "zip"}),
    ("GeoJSON", {"precision": 3}),
    ("GeoPackage", {"crs": "state_plane", "package": "zip"}),
    ("KML", {"package": "zip"}),
    ("FileGDB", {"options": {"arcgis": "10.0"}, "crs": "state_plane"}),
    ("PMTiles", {"options": {"max_zoom": 8}}),
    ("Shapefile", {"fields": {"parcels": ["parcel_number"], "shores": ["name"]}}),
]


@pytest.fixture(scope="module")
def sizes(exports: Exports) -> County:
    """Parcels of five vertices with many attributes, and shores of hundreds with two."""
    chance = random.Random(3)
    with exports.unblock():
        county = County.objects.create(id="SIZES", name="Sizes", state="WA", state_plane_srid=STATE_PLANE)
        user = CountyAccess.objects.get(county=exports.county).user
        CountyAccess.objects.create(user=user, county=county, role="analyst", may_see_personal_data=True)
        PropertyOperational.objects.bulk_create(
            PropertyOperational(
                county=county,
                parcel_number=f"{i:010}",
                situs_address=f"{chance.randrange(100, 9999)} {chance.choice(_STREETS)}",
                situs_city="Seattle",
                use_description=chance.choice(("Single family", "Duplex", "Retail store")),
                lot_area_sqft=chance.uniform(2000, 9000),
                stories=chance.choice((1.0, 1.5, 2.0)),
                year_built=chance.randrange(1900, 2024),
                land_value=chance.randrange(50, 900) * 1000,
                total_value=chance.randrange(100, 2000) * 1000,
                tax_year=2024,
                geometry=shape(_lot(chance, i)) if i % 50 else None,
            )
            for i in range(_PARCELS)
        )
        layer = ReferenceLayer.objects.create(
            county=county,
            name="shores",
            title="Shores",
            geometry_type="MultiPolygon",
            field_schema=[{"name": "name", "type": "text", "width": 40}, {"name": "length", "type": "real"}],
        )
        ReferenceFeature.objects.bulk_create(
            ReferenceFeature(
                county=county,
                layer=layer,
                feature_key=str(i),
                attributes={"name": f"Shore of lake {i}", "length": chance.uniform(10, 1000)},
                geometry=shape(_shore(chance, i)),
            )
            for i in range(_SHORES)
        )
    return county


def _lot(chance: random.Random, index: int) -> str:
    x, y = WEST + 0.0007 * (index % 20), SOUTH + 0.0007 * (index // 20)
    return f"MULTIPOLYGON (({square(x + chance.uniform(0, 1e-4), y, chance.uniform(2e-4, 5e-4))}))"


def _shore(chance: random.Random, index: int) -> str:
    """Of 100 to 900 vertices."""
    vertices = 100 + 20 * index
    turns = [math.tau * i / vertices for i in range(vertices)]
    x, y = WEST + 0.02 * (index % 7), SOUTH + 0.02 * (index // 7)
    away = [0.006 * chance.uniform(0.9, 1) for _ in turns]
    ring = [(x + r * math.cos(turn), y + r * math.sin(turn)) for turn, r in zip(turns, away, strict=True)]
    return f"MULTIPOLYGON ((({', '.join(f'{a!r} {b!r}' for a, b in [*ring, ring[0]])})))"


@pytest.mark.parametrize("layer", ["parcels", "shores"])
@pytest.mark.parametrize(("export_format", "parameters"), CASES)
def test_bytes_are_within_a_factor_of_two(
    exports: Exports, sizes: County, export_format: str, parameters: dict[str, Any], layer: str
) -> None:
    if "fields" in parameters:
        parameters = {**parameters, "fields": {layer: parameters["fields"][layer]}}
    body = {"export_format": export_format, "county_id": sizes.pk, "layers": [layer], "parameters": parameters}
    with exports.unblock():
        GisExportJob.objects.filter(county=sizes).delete()
        answer = exports.api.post(f"{URL}/estimate", body, format="json")
        assert answer.status_code == 200, answer.content
        job = run_export(exports.api, sizes, export_format, [layer], parameters=parameters)
    assert job.status == "COMPLETED", job.message
    assert job.result_file_bytes
    factor = answer.json()["bytes"] / job.result_file_bytes
    assert 0.5 <= factor <= 2


def test_records_of_a_large_layer_are_taken_from_all_over_it(
    exports: Exports, sizes: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "_LARGE", 100)
    monkeypatch.setattr(sampling, "_RECORDS", 100)
    body = {"export_format": "CSV", "county_id": sizes.pk, "layers": ["parcels"], "parameters": {"precision": 6}}
    with exports.unblock():
        GisExportJob.objects.filter(county=sizes).delete()
        # PostgreSQL puts what is changed behind all that is not.
        later = PropertyOperational.objects.filter(county=sizes, parcel_number__lt=f"{2 * _PARCELS // 3:010}")
        later.update(situs_address="x" * 150, use_description="y" * 100)
        answer = exports.api.post(f"{URL}/estimate", body, format="json")
        job = run_export(exports.api, sizes, "CSV", ["parcels"], parameters=body["parameters"])
    assert job.result_file_bytes
    assert 0.8 <= answer.json()["bytes"] / job.result_file_bytes <= 1.25


def test_an_estimate_does_without_a_sample_that_takes_too_long(
    exports: Exports, sizes: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "_MILLISECONDS", 1)
    monkeypatch.setattr(sampling, "_CUT", "(SELECT 4096 FROM pg_sleep(2))")
    body = {"export_format": "CSV", "county_id": sizes.pk, "layers": ["parcels"]}
    with exports.unblock():
        GisExportJob.objects.filter(county=sizes).delete()
        answer = exports.api.post(f"{URL}/estimate", body, format="json")
    assert answer.status_code == 200
    assert answer.json()["bytes"] > 1000
