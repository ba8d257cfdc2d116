"""``manage.py verify_export``: sound exports of every format, changed ones, and files that are not ours."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from gis_export import signing
from gis_export.models import GisExportJob
from gis_export.prepare import signing_key
from terrafusion.records.models import PropertyOperational
from tests.gis_export import data
from tests.gis_export.conftest import FORMATS, Export, Exports

LAYERS = ["parcels", "zoning", "sales", "trees"]
AREA = {"type": "bbox", "coordinates": [data.WEST - 1, data.SOUTH + 0.0004, data.WEST + 0.0075, data.SOUTH + 1]}
Verify = Callable[[Any], str]


@pytest.fixture
def verify(exports: Exports) -> Verify:
    """What the command prints; CommandError where it ends with 1, with all that it printed."""

    def run(what: Any) -> str:
        out = io.StringIO()
        with exports.unblock():
            try:
                call_command("verify_export", str(what), stdout=out, no_color=True)
            except CommandError as error:
                raise CommandError(f"{out.getvalue()}{error}") from None
        return out.getvalue()

    return run


@pytest.mark.parametrize("export_format", FORMATS)
def test_sound_exports(exports: Exports, verify: Verify, export_format: str) -> None:
    export = exports(export_format, *LAYERS)
    printed = verify(export.job.pk)
    assert printed.endswith("Nothing differs.\n")
    # Tiles have none of the records without a geometry, and MapInfo as GDAL writes it none of several points.
    parcels = {"PMTiles": sum(row.has_shape for row in exports.rows("parcels"))}.get(export_format, 24)
    trees = {"PMTiles": "1 record", "TAB": "3 records"}.get(export_format, "2 records")
    assert f"parcels: {parcels} records of" in printed
    assert f"trees: {trees} of" in printed
    assert ("parcels: totals were not compared" in printed) is (export_format == "PMTiles")
    assert "of the database as it is now" in printed
    assert verify(export.path) == printed


@pytest.mark.parametrize("export_format", FORMATS)
def test_areas_other_systems_and_asked_shapes(exports: Exports, verify: Verify, export_format: str) -> None:
    asked: dict[str, Any] = {"spatial_operation": "clip", "package": "zip", "precision": 6}
    if export_format not in ("GeoJSON", "GeoJSONSeq", "KML", "KMZ", "PMTiles"):
        asked |= {"crs": "state_plane", "precision": 2, "simplify": {"tolerance": 1, "units": "ft"}}
    export = exports(export_format, "parcels", area=AREA, include_assessment_data=True, **asked)
    printed = verify(export.job.pk)
    assert printed.endswith("Nothing differs.\n")
    assert "area_of_interest: " in printed


@pytest.mark.parametrize("export_format", FORMATS)
def test_nothing_in_the_area(exports: Exports, verify: Verify, export_format: str) -> None:
    export = exports(export_format, "parcels", area={"type": "bbox", "coordinates": [10, 10, 11, 11]})
    printed = verify(export.job.pk)
    assert printed.endswith("Nothing differs.\n")
    assert "parcels: 0 records of" in printed


def test_options_of_tables(exports: Exports, verify: Verify) -> None:
    for geometry in ("none", "point"):
        assert "shapes were not compared" in verify(exports("CSV", "parcels", options={"geometry": geometry}).job.pk)


def test_a_package_alone_is_checked_by_its_manifest(exports: Exports, verify: Verify, tmp_path: Path) -> None:
    export = exports("GeoJSON", *LAYERS)
    elsewhere = repacked(export, tmp_path / "elsewhere.zip")
    printed = verify(elsewhere)
    assert "The file is compared with the job" not in printed
    assert "of the database as it is now" in printed
    manifest = json.loads(export.files["manifest.json"].read_text())
    assert f"signed by this installation, for the job {manifest['job']}." in printed
    manifest["request"]["county_id"] = "FAR"
    other = repacked(export, tmp_path / "far.zip", signed_anew(manifest))
    assert "Nothing was compared with the database: there is no county FAR here." in verify(other)
    manifest["request"] |= {"county_id": "NASTY", "area_of_interest": {"type": "upload", "id": str(uuid.uuid4())}}
    other = repacked(export, tmp_path / "area.zip", signed_anew(manifest))
    assert "its area of interest cannot be made again. You have no uploaded area" in verify(other)


def signed_anew(manifest: dict[str, Any]) -> dict[str, bytes | None]:
    return {"manifest.json": json.dumps(signing.signed(manifest, signing_key())).encode()}


def test_a_forged_package_is_not_taken_for_ours(exports: Exports, verify: Verify, tmp_path: Path) -> None:
    """All of it agrees: the values, the totals, and the hashes, under another name."""
    export = exports("GeoJSON", *LAYERS)
    collection = export.files["parcels.geojson"].read_bytes().replace(b'"tax_year":2024', b'"tax_year":2023')
    assert collection != export.files["parcels.geojson"].read_bytes()
    manifest = json.loads(export.files["manifest.json"].read_text())
    assert manifest["job"] == str(export.job.pk)
    (entry,) = [file for file in manifest["files"] if file["name"] == "parcels.geojson"]
    entry["sha256"] = hashlib.sha256(collection).hexdigest()

    def refused(manifest: dict[str, Any]) -> str:
        forged: dict[str, bytes | None] = {
            "parcels.geojson": collection,
            "manifest.json": json.dumps(manifest).encode(),
        }
        with pytest.raises(CommandError) as error:
            verify(repacked(export, tmp_path / "forged.zip", forged))
        return str(error.value)

    assert "DIFFERENT: The signature is not that of this manifest" in refused(manifest)
    assert "UNKNOWN: the manifest names the installation 0123" in refused({**manifest, "installation": "0123"})
    unsigned = {name: value for name, value in manifest.items() if name not in ("signature", "installation")}
    assert "UNKNOWN: the manifest is not signed" in refused(unsigned)
    stolen = signing.signed(manifest, signing.seed("of somebody else"))
    assert "UNKNOWN: the manifest names the installation" in refused(stolen)


def test_anybody_can_check_the_signature(exports: Exports, settings: Any) -> None:
    """By the published key alone; that of the manifest in the answer of the API too."""
    export = exports("CSV", "parcels", "sales")
    published = APIClient().get("/api/v1/gis-export/signing-key")
    assert published.status_code == 200
    key = serialization.load_pem_public_key(published.data["public_key"].encode())
    assert isinstance(key, Ed25519PublicKey)
    packed = json.loads(export.files["manifest.json"].read_text())
    for manifest in (packed, export.manifest):
        assert manifest["installation"] == published.data["installation"]
        assert signing.is_signed_by(manifest, key)
        assert not signing.is_signed_by({**manifest, "job": str(uuid.uuid4())}, key)
    settings.EXPORT_SIGNING_KEY = "another"
    other = APIClient().get("/api/v1/gis-export/signing-key").data
    assert other["public_key"] != published.data["public_key"]
    assert "another" not in str(other)


def repacked(export: Export, target: Path, other: dict[str, bytes | None] | None = None) -> Path:
    """The same package anew, with other content of some members; None leaves one out."""
    with zipfile.ZipFile(target, "w") as archive:
        for name, path in export.files.items():
            content = (other or {}).get(name, path.read_bytes())
            if content is not None:
                archive.writestr(name, content)
        for name in set(other or {}) - set(export.files):
            archive.writestr(name, (other or {})[name] or b"")
    return target


def test_what_was_changed_is_reported(exports: Exports, verify: Verify, tmp_path: Path) -> None:
    export = exports("GeoJSON", *LAYERS)
    collection = json.loads(export.files["parcels.geojson"].read_text())
    collection["features"][5]["properties"]["total_value"] += 7
    collection["features"][6]["geometry"]["coordinates"][0][0][1][0] += 0.0001
    del collection["features"][7]
    sales = json.loads(export.files["sales.geojson"].read_text())
    sales["features"][0]["geometry"]["coordinates"][0] -= 0.01
    changed = {
        "parcels.geojson": json.dumps(collection).encode(),
        "sales.geojson": json.dumps(sales).encode(),
        "zoning.geojson": None,
        "trees.geojson": b"{",
        "extra.txt": b"x",
    }
    with pytest.raises(CommandError) as error:
        verify(repacked(export, tmp_path / "changed.zip", changed))
    words = str(error.value)
    for wanted in (
        "DIFFERENT: zoning.geojson is missing.",
        "DIFFERENT: parcels.geojson has ",
        "DIFFERENT: extra.txt is not of the export.",
        "DIFFERENT: parcels: 23 records in the file, and 24 were written.",
        "DIFFERENT: parcels: total_value adds up to",
        "DIFFERENT: parcels: the area is",
        "DIFFERENT: sales: the extent is",
        "DIFFERENT: trees: trees.geojson cannot be read",
        "differences found.",
    ):
        assert wanted in words, words
    assert "DIFFERENT: sales: sale_price" not in words


def test_a_single_file_that_was_changed(exports: Exports, verify: Verify, tmp_path: Path) -> None:
    export = exports("GeoJSON", "parcels")
    copy = tmp_path / export.path.name
    shutil.copy(export.path, copy)
    assert verify(copy).endswith("Nothing differs.\n")
    copy.write_bytes(copy.read_bytes().replace(b'"total_value":100001', b'"total_value":100002'))
    with pytest.raises(CommandError, match=r"SHA-256 is .*(?s:.*)total_value adds up to"):
        verify(copy)


def test_a_database_that_was_changed(exports: Exports, verify: Verify) -> None:
    export = exports("CSV", "parcels", "sales")
    with exports.unblock():
        row = PropertyOperational.objects.get(county=exports.county, parcel_number="0007")
        assert row.total_value is not None
        PropertyOperational.objects.filter(pk=row.pk).update(total_value=row.total_value + 12)
    try:
        with pytest.raises(CommandError) as error:
            verify(export.job.pk)
    finally:
        with exports.unblock():
            PropertyOperational.objects.filter(pk=row.pk).update(total_value=row.total_value)
    total = sum(row.values["total_value"] for row in exports.rows("parcels"))
    assert f"parcels, in the database: total of total_value is {total + 12:,}.0 now, and was {total:,}" in str(
        error.value
    )
    assert str(error.value).count("DIFFERENT") == 1


def test_what_is_not_ours(exports: Exports, verify: Verify, tmp_path: Path) -> None:
    def refused(what: Any) -> str:
        with pytest.raises(CommandError) as error:
            verify(what)
        return str(error.value)

    assert "There is no file" in refused(tmp_path / "nothing.zip")
    assert "There is no export job" in refused(uuid.uuid4())
    (tmp_path / "a.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    assert "is no export of this installation" in refused(tmp_path / "a.geojson")
    for content in (b"{}", b"[1", b'{"files": []}', b"\xff"):
        with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
            archive.writestr("manifest.json", content)
        assert "not that of an export" in refused(tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        archive.writestr("x.txt", "x")
    assert "is no export of this installation" in refused(tmp_path / "c.zip")
    broken = bytearray(exports("CSV", "parcels", "sales").path.read_bytes())
    broken[200] ^= 0xFF
    (tmp_path / "d.zip").write_bytes(broken)
    assert "damaged" in refused(tmp_path / "d.zip")
    with exports.unblock():
        job = GisExportJob.objects.create(
            county=exports.county,
            export_format="CSV",
            layers=["parcels"],
            status="FAILED",
            completed_at="2024-01-01T00:00Z",
        )
        pk = job.pk
    assert f"The job {pk} is FAILED, and has no file." in refused(pk)
