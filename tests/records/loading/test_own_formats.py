"""What we wrote comes back the same, value by value: each of our formats, as it is downloaded, into a second county."""

from __future__ import annotations

import datetime
import json
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from django.contrib.auth import get_user_model
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.base import CommandError
from rest_framework.test import APIClient

from gis_export.formats import registry
from terrafusion.records.models import County, CountyAccess, PropertyOperational, ReferenceFeature, ReferenceLayer
from tests.gis_export.conftest import close_writer, run_export
from tests.gis_export.data import shape, square
from tests.records.loading import files

FIELDS = {
    "label": "text",
    "code": "text",
    "formula": "text",
    "odd": "text",
    "whole": "integer",
    "big": "integer",
    "real": "real",
    "flag": "boolean",
    "day": "date",
    "moment": "datetime",
    "description_of_the_zone_in_words": "text",
    "description_of_the_zone_in_numbers": "integer",
    "Label": "text",
}
MOMENT, SUMMER = "2024-02-29T23:59:59.123456+00:00", "2024-07-01T19:00:00.250000+00:00"
OLD = "1969-12-31T12:30:58+00:00"
ROWS: list[tuple[Any, ...]] = [
    ("R-1", "0012", "=1+1", "line\nbreak", 5, 2**53 + 1, 0.1, True, "2024-02-29", MOMENT, "one", 1, "A"),
    ("Größe", "12E10", "'=1", "bell\x07", -7, 2**63 - 1, 1 / 3, False, "1899-12-31", OLD, "two", 2, "B"),
    ("x, y", "1e5", "\t-3", "_x0041_", 0, -(2**63), -1.5, None, "1970-01-01", SUMMER, '"three"', None, "C"),
    ("", "00", "@SUM(A1)", " in blanks ", 2**31, 12, 123456789.123456789, True, None, None, "", 4, None),
    (None,) * 13,
]
SHAPES = [
    f"MULTIPOLYGON (({square(-122.3, 47.6)}))",
    f"MULTIPOLYGON (({square(-122.2, 47.6)}, {square(-122.1997, 47.6003, 0.0002)}))",
    f"MULTIPOLYGON (({square(-122.1, 47.6)}, {square(-122.0998, 47.6002, 0.0006)}), "
    f"({square(-122.0996, 47.6004, 0.0002)}), ({square(-122.05, 47.6)}))",
    f"MULTIPOLYGON (({square(-122.0, 47.6)}))",
    None,
]
PARCELS: list[tuple[str, str, float | None, int | None, int]] = [
    ("0001", "=HYPERLINK(1)", 1.25, 100_000, 0),
    ("0002", "Oak, 2", None, None, 1),
]
Values = dict[str, Any]


@dataclass(frozen=True)
class Exported:
    """``path`` is as it was downloaded, with its manifest: in the zip, or beside the file."""

    path: Path
    manifest: dict[str, Any]


@pytest.fixture(scope="module")
def exported(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], Exported]:
    """By format and layer. The county that they were made from is gone: tests find the database as it was."""
    made = {}
    with django_db_blocker.unblock():
        county = County.objects.create(id="OWN", name="Own", state="WA", state_plane_srid=files.STATE_PLANE)
        user = get_user_model().objects.create_user("own")
        CountyAccess.objects.create(user=user, county=county, role="analyst", may_see_personal_data=True)
        _fill(county)
        api = APIClient()
        api.force_authenticate(user)
        wanted = [(name, "zones") for name in registry.all_formats()]
        try:
            for name, layer in [*wanted, *((name, "parcels") for name in ("CSV", "GeoPackage", "Shapefile"))]:
                job = run_export(api, county, name, [layer])
                assert job.status == "COMPLETED", (name, job.message)
                folder = tmp_path_factory.mktemp(name)
                path = Path(shutil.copy(default_storage.path(job.result_file), folder))
                if path.suffix != ".zip":
                    (folder / "manifest.json").write_text(json.dumps(job.result_summary))
                made[name, layer] = Exported(path, job.result_summary)
        finally:
            close_writer()
            call_command("flush", interactive=False, verbosity=0)
    return made


def _fill(county: County) -> None:
    layer = ReferenceLayer.objects.create(
        county=county,
        name="zones",
        title="Zones",
        geometry_type="MultiPolygon",
        field_schema=[{"name": name, "type": kind, "width": None} for name, kind in FIELDS.items()],
    )
    for number, (row, wkt) in enumerate(zip(ROWS, SHAPES, strict=True)):
        ReferenceFeature.objects.create(
            county=county,
            layer=layer,
            feature_key=str(number),
            attributes=dict(zip(FIELDS, row, strict=True)),
            geometry=shape(wkt),
        )
    for parcel, address, area, value, at in PARCELS:
        PropertyOperational.objects.create(
            county=county,
            parcel_number=parcel,
            situs_address=address,
            lot_area_sqft=area,
            land_value=value,
            geometry=shape(SHAPES[at]),
        )


def _loaded(layer: str) -> dict[str, tuple[Values, Any]]:
    """By the code; the record without one has the empty text."""
    features = ReferenceFeature.objects.filter(layer__name=layer)
    shapes = {one.pk: one.geometry and shapely.from_wkb(bytes(one.geometry.wkb)) for one in features}
    return {one.attributes["code"] or "": (one.attributes, shapes[one.pk]) for one in features}


def _same_value(kind: str, wanted: Any, got: Any) -> bool:
    if kind == "datetime" and wanted and got:
        return datetime.datetime.fromisoformat(wanted) == datetime.datetime.fromisoformat(got)
    return type(wanted) is type(got) and bool(wanted == got)


def _distance(wanted: Any, got: Any) -> float:
    """Degrees between the positions of two shapes of the same parts."""
    if wanted is None or got is None:
        return 0.0 if wanted is got else np.inf
    if not shapely.equals_exact(
        one := shapely.normalize(wanted), shapely.normalize(shapely.set_precision(got, 1e-7)), 1e-7
    ):
        return np.inf
    return float(shapely.hausdorff_distance(one, got))


WORDS, NUMBER = "description_of_the_zone_in_words", "description_of_the_zone_in_numbers"
# By format: (code, field) -> what is loaded instead, as the losses of the export or a note of the load say.
ROUNDED = {("0012", "moment"): "2024-02-29T23:59:59.123000+00:00"}
CLEANED = {("12E10", "odd"): "bell", ("00", "odd"): "in blanks"}
TRIMMED = {("00", "label"): None, ("00", WORDS): None, ("00", "odd"): "in blanks ", ("12E10", "odd"): "bell"}
TRIMMED |= {("1e5", "formula"): "-3"}
EMPTY = {("", name): "" for name, kind in FIELDS.items() if kind == "text"} | {("00", "Label"): ""}
ZERO = {("", "whole"): 0, ("", "big"): None, ("", "real"): 0.0, ("", "flag"): False, ("1e5", "flag"): False}
DIFFERENT: dict[str, dict[tuple[str, str], Any]] = {
    "FileGDB": ROUNDED,
    "FlatGeobuf": ROUNDED,
    "GeoPackage": ROUNDED,
    "GML": ROUNDED | TRIMMED,
    "KML": CLEANED,
    "KMZ": CLEANED,
    "Shapefile": {("12E10", "real"): 0.333333333333333, ("00", "odd"): " in blanks", ("00", "label"): None}
    | {("00", WORDS): None},
    "TAB": ROUNDED | EMPTY | ZERO | {("", NUMBER): 0, ("1e5", NUMBER): 0},
}
LEFT_OUT = {"FlatGeobuf": {""}}  # records without a geometry
DEGREES = {"DXF": 1e-9, "TAB": 1e-9}


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name in registry.all_formats() if name not in {"PMTiles"}])
def test_what_we_wrote_comes_back(
    exported: dict[tuple[str, str], Exported], king: County, tmp_path: Path, name: str
) -> None:
    different = DIFFERENT.get(name, {})
    fields = dict(FIELDS)
    options = {}
    if name in {"KML", "KMZ"}:  # which GDAL reads as doubles
        options["mapping"] = files.mapping(tmp_path, '[layer]\ndrop = ["big"]\n')
        del fields["big"], fields["Label"]  # GDAL finds fields without their case
    report = files.load(king, "zones", exported[name, "zones"].path, **options)
    assert report["refused"] == {}
    loaded = _loaded("zones")
    assert {row[1] or "" for row in ROWS} - set(loaded) == LEFT_OUT.get(name, set())
    layer = ReferenceLayer.objects.get()
    assert {field["name"]: field["type"] for field in layer.field_schema} == fields
    for row, wkt in zip(ROWS, SHAPES, strict=True):
        wanted = dict(zip(FIELDS, row, strict=True))
        if (code := wanted["code"] or "") not in loaded:
            continue
        values, outline = loaded[code]
        for field, kind in fields.items():
            value = different.get((code, field), wanted[field])
            assert _same_value(kind, value, values[field]), (code, field, value, values[field])
        assert _distance(wkt and shapely.from_wkt(wkt), outline) <= DEGREES.get(name, 1e-13), code
    notes = " ".join(report["notes"])
    for _, field in different:
        assert field in notes or "Blanks round texts may not be read" in notes
    assert not LEFT_OUT.get(name) or "moved (1): Records without a geometry are in" in notes


def test_tiles_are_no_records(exported: dict[tuple[str, str], Exported], king: County) -> None:
    with pytest.raises(CommandError, match=r"holds tiles of a map.*Load the layer from another format"):
        files.load(king, "zones", exported["PMTiles", "zones"].path)


def test_whole_numbers_that_a_double_does_not_hold(exported: dict[tuple[str, str], Exported], king: County) -> None:
    report = files.load(king, "zones", exported["KML", "zones"].path)
    assert report["refused"] == {"bad_number": 3}


@pytest.mark.parametrize("name", ["CSV", "GeoPackage", "Shapefile"])
def test_parcels_come_back_under_their_own_names(
    exported: dict[tuple[str, str], Exported], king: County, name: str
) -> None:
    report = files.load(king, "parcels", exported[name, "parcels"].path)
    assert (report["inserted"], report["unused"]) == (2, [])
    columns = ("parcel_number", "situs_address", "lot_area_sqft", "land_value")
    assert list(PropertyOperational.objects.order_by("id").values_list(*columns)) == [row[:4] for row in PARCELS]
    for parcel, (*_, at) in zip(PropertyOperational.objects.order_by("id"), PARCELS, strict=True):
        assert (
            _distance(shapely.from_wkt(SHAPES[at]), shapely.from_wkb(bytes(files.known(parcel.geometry).wkb))) <= 1e-13
        )


def test_a_file_that_was_changed_is_any_file(
    exported: dict[tuple[str, str], Exported], king: County, tmp_path: Path
) -> None:
    """Its manifest is of other bytes; what the file still is, the mapping may say."""
    made = exported["CSV", "parcels"]
    path = tmp_path / made.path.name
    path.write_bytes(made.path.read_bytes().replace(b"Oak, 2", b"Elm, 2"))
    (tmp_path / "manifest.json").write_text(json.dumps(made.manifest))
    report = files.load(king, "parcels", path, crs=4326)
    assert any("manifest.json beside it describes other bytes" in note for note in report["notes"])
    addresses = PropertyOperational.objects.order_by("id").values_list("situs_address", flat=True)
    assert list(addresses) == ["'=HYPERLINK(1)", "Elm, 2"]
    files.load(king, "parcels", path, mapping=files.mapping(tmp_path, "crs = 4326\nguarded = true\n"))
    assert list(addresses.all()) == ["=HYPERLINK(1)", "Elm, 2"]


def test_a_package_that_was_unpacked(exported: dict[tuple[str, str], Exported], king: County, tmp_path: Path) -> None:
    made = exported["Shapefile", "zones"]
    with zipfile.ZipFile(made.path) as archive:
        archive.extractall(tmp_path)
    for path in (tmp_path, tmp_path / "zones.shp"):
        report = files.load(king, "zones", path)
        assert report["refused"] == {}
        assert NUMBER in {field["name"] for field in ReferenceLayer.objects.get().field_schema}
