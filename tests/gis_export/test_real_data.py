"""A real city in every format, where its files are: counts and totals against the database."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fiona
import pytest
import python_calamine
from django.contrib.auth import get_user_model
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db.models import Sum
from lxml import etree
from rest_framework.test import APIClient

from gis_export.models import GisExportJob
from terrafusion import env
from terrafusion.records.models import County, CountyAccess, PropertyOperational, ReferenceFeature
from tests.conftest import ROOT
from tests.gis_export.conftest import FORMATS, STATE_PLANE, Export, Exports, close_writer, run_export
from tests.gis_export.test_format_geojson import sequence
from tests.gis_export.test_format_geoparquet import query
from tests.gis_export.test_format_gml import T
from tests.gis_export.test_format_kml import NS, doc_kml, folder_of
from tests.gis_export.test_format_pmtiles import decoded
from tests.gis_export.test_format_xlsx import in_a_cell
from tests.gis_export.test_truth import TRUTHS

FOLDER = Path(env.text("TERRAFUSION_SHARED_DATA", str(ROOT.parent / "shared" / "data")))
pytestmark = pytest.mark.skipif(
    not (FOLDER / "cambridge_ma_fy2014.gpkg").exists(), reason="no folder of real data beside the project"
)
LAYERS = ["parcels", "zoning"]


@pytest.fixture(scope="module")
def cambridge(_database: None, django_db_blocker: Any) -> Iterator[County]:
    """Loaded once; the tests ask for no database of their own, so that none empties it between them."""
    with django_db_blocker.unblock():
        call_command("load_demo_county", county="cambridge", shared=FOLDER, stdout=sys.stderr)
        county = County.objects.get(pk="CAMBRIDGE")
        user = get_user_model().objects.create_user("cantab")
        CountyAccess.objects.create(user=user, county=county, role="analyst", may_see_personal_data=True)
        yield county
        close_writer()
        call_command("flush", interactive=False, verbosity=0)


def export(county: County, export_format: str, **more: Any) -> tuple[GisExportJob, Path]:
    api = APIClient()
    api.force_authenticate(get_user_model().objects.get(username="cantab"))
    job = run_export(api, county, export_format, LAYERS, **more)
    assert job.status == "COMPLETED", job.message
    return job, Path(default_storage.path(job.result_file))


@pytest.fixture(scope="module")
def seattle(_database: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exports]:
    with django_db_blocker.unblock():
        county = County.objects.create(id="SEATTLE", name="Seattle", state="WA", state_plane_srid=STATE_PLANE)
        call_command(
            "load_layer", "SEATTLE", "zoning", FOLDER / "seattle_wa_zoning.gpkg", source_layer="zoning", verbosity=0
        )
        user = get_user_model().objects.create_user("sounder")
        CountyAccess.objects.create(user=user, county=county, role="analyst")
        api = APIClient()
        api.force_authenticate(user)
        yield Exports(county, api, tmp_path_factory.mktemp("seattle"), django_db_blocker.unblock)
        close_writer()
        call_command("flush", interactive=False, verbosity=0)


@pytest.mark.parametrize("export_format", FORMATS)
def test_every_value_of_a_real_zoning(seattle: Exports, export_format: str) -> None:
    """2,571 areas with dates and long descriptions: each value and coordinate, and the sum of the areas. Where a format
    is not exact, as far off as its loss report states, and what it leaves out is what the report counts."""
    export = seattle(export_format, "zoning")
    assert export.job.record_count == len(seattle.rows("zoning")) > 2500
    TRUTHS[export_format].check(seattle, export, "zoning")
    (entry,) = export.manifest["layers"]
    source, written = entry["reconciliation"]["source"], entry["reconciliation"]["written"]
    assert written["area"] == pytest.approx(source["area"])
    assert entry["reconciliation"]["records_in_file"] == source["records"]
    if export_format == "XLSX":
        long = sum(not in_a_cell(row.geometry) for row in seattle.rows("zoning"))
        assert [loss["count"] for loss in entry["losses"] if loss["kind"] == "dropped"] == [long]
        assert long > 30


@pytest.mark.parametrize("export_format", FORMATS)
def test_counts_and_totals(cambridge: County, django_db_blocker: Any, tmp_path: Path, export_format: str) -> None:
    with django_db_blocker.unblock():
        job, path = export(cambridge, export_format)
        parcels = PropertyOperational.objects.filter(county=cambridge)
        count = parcels.count()
        total = parcels.aggregate(total=Sum("total_value"))["total"]
        parcels_with_a_shape = parcels.filter(geometry__isnull=False).count()
        zones = ReferenceFeature.objects.filter(layer__county=cambridge, layer__name="zoning").count()
    assert count > 13_000
    assert zones > 200
    assert job.record_count == count + zones
    files = {layer: Export(job, path, tmp_path).holding(layer) for layer in LAYERS}
    if export_format in ("FlatGeobuf", "PMTiles"):  # the others lie in a CSV beside it, or are left out
        count = parcels_with_a_shape
    counts, value = _read(export_format, files)
    assert (counts, value) == ({"parcels": count, "zoning": zones}, total)


def _read(export_format: str, files: dict[str, Path]) -> tuple[dict[str, int], int]:
    """Records of each layer, and the sum of the parcels' values."""
    values: dict[str, list[Any]] = {}
    for layer, path in files.items():
        name = "TOT_VALUE" if export_format == "Shapefile" else "total_value"
        if export_format == "GeoJSON":
            values[layer] = [f["properties"].get(name) for f in json.loads(path.read_text())["features"]]
        elif export_format == "GeoJSONSeq":
            values[layer] = [feature["properties"].get(name) for feature in sequence(path)]
        elif export_format == "CSV":
            values[layer] = _csv_column(path, name)
        elif export_format == "GML":
            values_read = etree.parse(path).getroot().findall(f"{T}featureMember/{T}{layer}")
            values[layer] = [feature.findtext(f"{T}{name}") for feature in values_read]
        elif export_format in ("KML", "KMZ"):
            folder = folder_of(path.read_bytes() if export_format == "KML" else doc_kml(path), layer)
            marks = folder.findall("k:Placemark", NS)
            values[layer] = [m.findtext(f".//k:SimpleData[@name='{name}']", namespaces=NS) for m in marks]
        elif export_format == "DXF":
            with fiona.open(path) as source:
                entities = sum(entity.properties["Layer"] == layer for entity in source)
            assert entities >= {"parcels": 13_000, "zoning": 200}[layer]
            values[layer] = _csv_column(path.with_name(f"{layer}.csv"), name)
        elif export_format == "PMTiles":
            values_read = {
                feature["id"]: feature["properties"].get(name)
                for (z, _, _), tile in decoded(path).items()
                for feature in tile.get(layer, {"features": []})["features"]
                if z == 15
            }
            values[layer] = list(values_read.values())
        elif export_format == "XLSX":
            heads, *cells = python_calamine.load_workbook(path).get_sheet_by_name(layer).to_python()
            at = heads.index(name) if name in heads else 0
            values[layer] = [row[at] for row in cells]
        elif export_format == "GeoParquet":
            column = name if layer == "parcels" else "NULL"
            values[layer] = [value for (value,) in query(path, f"SELECT {column} FROM read_parquet(FILE)")]
        else:
            with fiona.open(path, layer=layer if export_format in ("GeoPackage", "FileGDB") else None) as source:
                values[layer] = [feature.properties.get(name) for feature in source]
    counts = {layer: len(by_feature) for layer, by_feature in values.items()}
    return counts, sum(int(value) for value in values["parcels"] if value)


def _csv_column(path: Path, name: str) -> list[Any]:
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8", newline="") as file:
        return [row.get(name) for row in csv.DictReader(file)]


def test_an_area_of_the_city_in_state_plane(cambridge: County, django_db_blocker: Any) -> None:
    area = {"type": "bbox", "coordinates": [-71.12, 42.37, -71.11, 42.38]}
    with django_db_blocker.unblock():
        job, path = export(
            cambridge,
            "GeoPackage",
            area_of_interest=area,
            parameters={"crs": "state_plane", "spatial_operation": "clip"},
        )
    parcels, zoning = job.result_summary["layers"]
    assert 100 < parcels["records"] < 5000
    with fiona.open(path, layer="parcels") as source:
        assert len(source) == parcels["records"]
        assert source.crs.to_epsg() == 2249
    # The zones cover the box nearly whole: 0.01 degrees by 0.01 degrees at 42.375 north, in square feet.
    assert zoning["reconciliation"]["written"]["area"] == pytest.approx(2700 * 3645, rel=0.2)
