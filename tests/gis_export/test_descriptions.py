"""What the formats declare of themselves: in GET formats, on the docs' page, in requests, and in what is written."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
import shapely
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from gis_export.formats import registry
from tests.gis_export.conftest import FORMATS, URL, Exports

LAYERS = ["parcels", "sales", "zoning", "roads", "trees"]


def test_the_page_is_made_of_the_code(tmp_path: Path) -> None:
    call_command("describe_formats", check=True)
    page = tmp_path / "formats.md"
    call_command("describe_formats", page=page)
    call_command("describe_formats", page=page, check=True)
    text = page.read_text()
    assert all(f"\n## {file_format.label}\n" in text for file_format in registry.all_formats().values())
    page.write_text(text.replace("254", "255"))
    with pytest.raises(CommandError, match="not up to date"):
        call_command("describe_formats", page=page, check=True)
    page.write_text("somebody's own")
    with pytest.raises(CommandError, match="is not overwritten"):
        call_command("describe_formats", page=page)
    assert page.read_text() == "somebody's own"


def test_get_formats_shows_it(api: APIClient) -> None:
    described = {file_format["name"]: file_format for file_format in api.get(f"{URL}/formats").data}
    (option,) = described["CSV"]["options"]
    assert (option["name"], option["default"], option["choices"]) == ("geometry", "wkt", ["wkt", "point", "none"])
    assert 254 in [limit["maximum"] for limit in described["Shapefile"]["limits"]]
    assert set(described["Shapefile"]["losses"]) == {"renamed", "retyped", "truncated", "altered", "dropped"}
    assert described["GeoPackage"]["reproducible"] is True


@pytest.mark.parametrize(
    ("export_format", "options", "at", "named"),
    [
        ("CSV", ["geometry"], "parameters.options", "Give an object"),
        ("CSV", {"geometry": "wkb"}, "parameters.options.geometry", "Available: wkt, point, none"),
        ("CSV", {"geometry": ["wkt"]}, "parameters.options.geometry", "Unknown value"),
        ("CSV", {"geometri": "wkt"}, "parameters.options.geometri", "Did you mean 'geometry'? Available: geometry"),
        ("GeoPackage", {"geometry": "wkt"}, "parameters.options.geometry", "None is available here"),
    ],
)
def test_faults_of_options(api: APIClient, county: Any, export_format: str, options: Any, at: str, named: str) -> None:
    body = {
        "export_format": export_format,
        "county_id": county.pk,
        "layers": ["parcels"],
        "parameters": {"options": options},
    }
    response = api.post(f"{URL}/estimate", body, format="json")
    assert response.status_code == 400
    (fault,) = response.json()["errors"]
    assert fault["field"] == at
    assert named in fault["detail"]


@pytest.mark.parametrize("export_format", FORMATS)
def test_every_loss_is_a_declared_one(exports: Exports, export_format: str) -> None:
    export = exports(export_format, *LAYERS)
    kinds = {kind for layer in LAYERS for kind, _, _ in export.losses(layer)}
    assert kinds <= set(registry.get(export_format).may_lose)


@pytest.mark.parametrize("layer", ["parcels", "sales", "roads", "trees"])
def test_csv_with_points(exports: Exports, layer: str) -> None:
    export = exports("CSV", layer, options={"geometry": "point"})
    with export.path.open(encoding="utf-8", newline="") as file:
        points = [(row["point_x"], row["point_y"]) for row in csv.DictReader(file)]
    rows = exports.rows(layer)
    assert [bool(x) for x, _ in points] == [row.has_shape for row in rows]
    for row, (x, y) in zip(rows, points, strict=True):
        if row.has_shape:
            assert row.geometry.distance(shapely.Point(float(x), float(y))) < 1e-12
    assert ("dropped" in [kind for kind, _, _ in export.losses(layer)]) is (layer != "sales")
    assert export.manifest["request"]["resolved"]["options"] == {"geometry": "point"}


def test_csv_without_geometry(exports: Exports) -> None:
    export = exports("CSV", "parcels", options={"geometry": "none"})
    with export.path.open(encoding="utf-8", newline="") as file:
        heads, *cells = csv.reader(file)
    assert heads == exports.fields("parcels")
    assert len(cells) == len(exports.rows("parcels"))
    assert ("dropped", "", None) in export.losses("parcels")
