"""Areas that are uploaded as files: each kind of file, what is refused with which words, and whose they are."""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3
import struct
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import fiona
import pytest
import shapely
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from terrafusion.areas import files
from terrafusion.areas.api import serializers
from terrafusion.areas.files import unpack
from terrafusion.jobs.sweep import sweep
from terrafusion.records.models import County, CountySettings, UploadedArea
from tests.conftest import ClientOf, MakeUser, Role
from tests.gis_export import data
from tests.gis_export.conftest import URL, run_export

WEST, SOUTH = data.WEST, data.SOUTH
# Over the first three parcels of the nasty county, each 0.002 degrees from the next.
SQUARE = [
    [WEST - 0.0005, SOUTH - 0.0005],
    [WEST + 0.0052, SOUTH - 0.0005],
    [WEST + 0.0052, SOUTH + 0.0005],
    [WEST - 0.0005, SOUTH + 0.0005],
    [WEST - 0.0005, SOUTH - 0.0005],
]
POLYGON = {"type": "Polygon", "coordinates": [SQUARE]}
BOWTIE = [[-122.0, 47.0], [-121.0, 48.0], [-121.0, 47.0], [-122.0, 48.0], [-122.0, 47.0]]


def upload(api: APIClient, content: bytes, name: str = "file", county: str = "COUNTY01", **more: Any) -> Any:
    return api.post(
        f"{URL}/areas", {"county_id": county, "file": SimpleUploadedFile(name, content), **more}, format="multipart"
    )


def accepted(api: APIClient, content: bytes, name: str = "file", **more: Any) -> dict[str, Any]:
    response = upload(api, content, name, **more)
    assert response.status_code == 201, response.content
    assert response.headers["Location"].endswith(f"{URL}/areas/{response.json()['id']}")
    area: dict[str, Any] = response.json()
    return area


def refused(api: APIClient, content: bytes, name: str = "file", **more: Any) -> str:
    response = upload(api, content, name, **more)
    assert response.status_code == 400, response.content
    assert not UploadedArea.objects.exists()
    return " ".join(error["detail"] for error in response.json()["errors"])


def geojson(*shapes: Any, **members: Any) -> bytes:
    features = [{"type": "Feature", "properties": {}, "geometry": shape} for shape in shapes]
    return json.dumps({"type": "FeatureCollection", "features": features, **members}).encode()


def written(folder: Path, driver: str, shapes: list[Any], srid: int | None = 4326, **schema: Any) -> Path:
    """A file that another GDAL than ours wrote."""
    path = folder / {"GPKG": "x.gpkg", "ESRI Shapefile": "x.shp"}[driver]
    crs = {} if srid is None else {"crs": f"EPSG:{srid}"}
    declared = {"geometry": "Polygon", "properties": {"name": "str"}, **schema}
    with fiona.open(path, "w", driver=driver, schema=declared, **crs) as file:
        file.writerecords([{"geometry": shape, "properties": {"name": "Ünïcödé"}} for shape in shapes])
    return path


def zipped(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def shapefile(folder: Path, shapes: list[Any], prefix: str = "", without: tuple[str, ...] = (), **more: Any) -> bytes:
    path = written(folder, "ESRI Shapefile", shapes, **more)
    parts = [part for part in folder.glob(f"{path.stem}.*") if part.suffix not in without]
    return zipped({f"{prefix}{part.name}": part.read_bytes() for part in parts})


def kml(*polygons: Any, head: str = "", altitude: str = "") -> bytes:
    rings = [
        "<Placemark><Polygon><outerBoundaryIs><LinearRing><coordinates>"
        + " ".join(f"{x},{y}{altitude}" for x, y in ring)
        + "</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
        for ring in polygons
    ]
    body = "".join(f"<Folder><name>f{i}</name>{ring}</Folder>" for i, ring in enumerate(rings))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}'
        "</Document></kml>"
    ).encode()


@pytest.mark.usefixtures("transactional_db")
def test_every_kind_of_file_selects_the_same(api: APIClient, loaded: County, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    contents = {
        "GeoJSON": (geojson(POLYGON), "Gebiet ÄÖ 中文.geojson"),
        "Shapefile": (shapefile(tmp_path / "a", [POLYGON], prefix="folder/Ünï "), "area.zip"),
        "GeoPackage": (written(tmp_path / "b", "GPKG", [POLYGON]).read_bytes(), "area.gpkg"),
        "KML": (kml(SQUARE), "area.kml"),
        "KMZ": (zipped({"doc.kml": kml(SQUARE), "files/icon.png": b"png"}), "area.kmz"),
    }
    wanted = run_export(api, loaded, "GeoJSON", ["parcels"], area_of_interest=POLYGON)
    assert wanted.record_count == 3
    for kind, (content, name) in contents.items():
        area = accepted(api, content, name)
        assert (area["file_format"], area["name"], area["vertices"]) == (kind, name, 5)
        assert area["bbox"] == pytest.approx(shapely.Polygon(SQUARE).bounds, abs=1e-9)
        assert shapely.geometry.shape(area["geometry"]).equals_exact(shapely.Polygon(SQUARE), 1e-9, normalize=True)
        job = run_export(api, loaded, "GeoJSON", ["parcels"], area_of_interest=area["area_of_interest"])
        assert job.status == "COMPLETED", job.message
        assert job.record_count == 3
        assert name in job.message
        assert job.area_of_interest is not None
        assert job.area_of_interest.area == pytest.approx(shapely.Polygon(SQUARE).area)
    assert [area["name"] for area in api.get(f"{URL}/areas").json()["results"]] == [
        name for _, name in reversed(contents.values())
    ]


def test_other_systems_are_transformed(api: APIClient, county: County, tmp_path: Path) -> None:
    shape = json.loads(shapely.to_geojson(shapely.box(1_180_000, 200_000, 1_280_000, 300_000)))
    legacy = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2926"}}
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    bare = shapefile(tmp_path / "a", [shape], srid=2926, without=(".prj",))
    boxes = []
    for content, more in (
        (shapefile(tmp_path / "b", [shape], srid=2926), {}),
        (bare, {"crs": "EPSG:2926"}),
        (geojson(shape, crs=legacy), {}),
        (geojson(shape), {"crs": "2926"}),
    ):
        area = accepted(api, content, **more)
        assert any(note.startswith("The area was transformed from EPSG:2926") for note in area["notes"]), area["notes"]
        boxes.append(area["bbox"])
    assert all(box == pytest.approx(boxes[0], abs=1e-8) for box in boxes)


def test_a_file_without_crs_says_what_to_do(api: APIClient, county: County, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    words = refused(api, shapefile(tmp_path / "a", [POLYGON], without=(".prj",)))
    assert "has no x.prj, so its CRS is not known: give the EPSG code of its coordinates as crs" in words
    (tmp_path / "b").mkdir()
    words = refused(api, written(tmp_path / "b", "GPKG", [POLYGON], srid=None).read_bytes())
    assert "The file does not say it, so its CRS is not known: give" in words


def test_a_crs_that_is_not_the_files(api: APIClient, county: County, tmp_path: Path) -> None:
    assert "not EPSG:2926: leave crs out" in refused(api, shapefile(tmp_path, [POLYGON]), crs="EPSG:2926")
    assert "not EPSG:2926: leave crs out" in refused(api, kml(SQUARE), crs="EPSG:2926")
    legacy = {"type": "name", "properties": {"name": "EPSG:4326"}}
    assert "leave crs out" in refused(api, geojson(POLYGON, crs=legacy), crs="EPSG:2926")
    assert "not a CRS" in refused(api, geojson(POLYGON), crs="State Plane")


def test_the_third_dimension_is_left_out_and_said_so(api: APIClient, county: County, tmp_path: Path) -> None:
    ring = [[*position, 12.5] for position in SQUARE]
    solid = {"type": "Polygon", "coordinates": [ring]}
    for content in (
        geojson(solid),
        kml(SQUARE, altitude=",0"),
        shapefile(tmp_path, [solid], geometry="3D Polygon"),
    ):
        area = accepted(api, content)
        assert "The third dimension was left out: an area has x and y only." in area["notes"]
        assert {len(position) for position in area["geometry"]["coordinates"][0]} == {2}


def test_circles_become_lines_and_a_note_says_so(api: APIClient, county: County, tmp_path: Path) -> None:
    path = written(tmp_path, "GPKG", [POLYGON, POLYGON])
    turns = [(WEST, SOUTH), (WEST + 1, SOUTH + 1), (WEST + 2, SOUTH), (WEST + 1, SOUTH - 1), (WEST, SOUTH)]
    ring = struct.pack("<BII10d", 1, 8, 5, *(number for place in turns for number in place))
    circle = b"GP\x00\x01" + struct.pack("<i", 4326) + struct.pack("<BII", 1, 10, 1) + ring
    with contextlib.closing(sqlite3.connect(path)) as file, file:
        for (trigger,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            file.execute(f'DROP TRIGGER "{trigger}"')  # they call functions of GDAL's
        file.execute("UPDATE x SET geom = ? WHERE fid = 1", [circle])
    area = accepted(api, path.read_bytes())
    assert (
        "Circles and arcs became lines, which leave them by at most 0.06% of their radius: 1 feature." in area["notes"]
    )
    assert not any("arcs" in note for note in accepted(api, geojson(POLYGON))["notes"])


def test_several_shapes_and_features_without_any(api: APIClient, county: County, tmp_path: Path) -> None:
    other = {"type": "Polygon", "coordinates": [[[x + 1, y] for x, y in SQUARE]]}
    area = accepted(api, shapefile(tmp_path, [POLYGON, None, other]))
    assert area["notes"] == ["Left out, because there is no geometry: 1 feature.", "The area is 2 shapes made one."]
    assert area["geometry"]["type"] == "MultiPolygon"
    assert accepted(api, kml(SQUARE, other["coordinates"][0]))["geometry"]["type"] == "MultiPolygon"


def test_layers_are_chosen_by_name(api: APIClient, county: County, tmp_path: Path) -> None:
    path = tmp_path / "x.gpkg"
    for layer in ("one", "two"):
        schema = {"geometry": "Polygon", "properties": {}}
        with fiona.open(path, "w", driver="GPKG", layer=layer, schema=schema, crs="EPSG:4326") as file:
            file.writerecords([{"geometry": POLYGON, "properties": {}}])
    content = path.read_bytes()
    assert "several layers, one, two: name one" in refused(api, content)
    assert "Unknown layer 'three'. Available: one, two" in refused(api, content, layer="three")
    (tmp_path / "a").mkdir()
    written(tmp_path / "a", "ESRI Shapefile", [POLYGON])
    parts = {part.suffix: part.read_bytes() for part in (tmp_path / "a").glob("x.*")}
    both = zipped({f"{stem}{suffix}": part for stem in ("one", "two") for suffix, part in parts.items()})
    assert "these Shapefiles: one, two" in refused(api, both)
    assert accepted(api, content, layer="two")["vertices"] == 5
    assert accepted(api, both, layer="two")["vertices"] == 5


@pytest.mark.parametrize("kind", ["GeoJSON", "Shapefile", "GeoPackage", "KML"])
def test_invalid_rings_are_refused_with_their_place(api: APIClient, county: County, tmp_path: Path, kind: str) -> None:
    bowtie = {"type": "Polygon", "coordinates": [BOWTIE]}
    content = {
        "GeoJSON": lambda: geojson(POLYGON, bowtie),
        "Shapefile": lambda: shapefile(tmp_path, [POLYGON, bowtie]),
        "GeoPackage": lambda: written(tmp_path, "GPKG", [POLYGON, bowtie]).read_bytes(),
        "KML": lambda: kml(SQUARE, BOWTIE),
    }[kind]()
    words = refused(api, content)
    assert "Feature 2: The area is not a valid polygon: Self-intersection[-121.5 47.5]" in words
    assert "Feature 1" not in words


@pytest.mark.parametrize("kind", ["GeoJSON", "Shapefile", "GeoPackage", "KML"])
def test_axes_in_the_wrong_order(api: APIClient, county: County, tmp_path: Path, kind: str) -> None:
    swapped = [[y, x] for x, y in SQUARE]
    shape = {"type": "Polygon", "coordinates": [swapped]}
    content = {
        "GeoJSON": lambda: geojson(shape),
        "Shapefile": lambda: shapefile(tmp_path, [shape]),
        "GeoPackage": lambda: written(tmp_path, "GPKG", [shape]).read_bytes(),
        "KML": lambda: kml(swapped),
    }[kind]()
    assert "The axes may be in the wrong order" in refused(api, content)


def test_lines_and_points_are_no_areas(api: APIClient, county: County, tmp_path: Path) -> None:
    line = {"type": "LineString", "coordinates": SQUARE}
    words = refused(api, written(tmp_path, "GPKG", [line, line], geometry="LineString").read_bytes())
    assert "Feature 1 is a LineString; an area is made of polygons. Feature 2" in words
    assert "must be a Polygon or MultiPolygon, not 'LineString'" in refused(api, geojson(line))


def test_most_vertices(api: APIClient, county: County, tmp_path: Path) -> None:
    CountySettings.objects.create(county=county, max_area_vertices=100)
    circle = json.loads(shapely.to_geojson(shapely.Point(-122, 47).buffer(1, quad_segs=64)))
    for content in (geojson(circle), shapefile(tmp_path, [circle]), kml(circle["coordinates"][0])):
        assert "257 vertices, and at most 100 are allowed" in refused(api, content)


def _lying(content: bytes) -> bytes:
    """A zip whose headers say that its only member has ten bytes."""
    lying = bytearray(content)
    for signature, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = lying.index(signature) + at
        lying[start : start + 4] = struct.pack("<I", 10)
    return bytes(lying)


BOMB = zipped({"x.kml": b" " * 60_000_000})
FILES = [
    (b"", "file is empty"),
    (b"\x89PNG\r\n", "none of these: GeoJSON, Shapefile, GeoPackage, KML, KMZ"),
    (b"\x00\x00\x27\x0a" + bytes(96), "zip it together with its .shx, .dbf and .prj"),
    (b"{", "cannot be read"),
    (b'{"type": "FeatureCollection", "features": ' + b"x" * 1_000_000, "cannot be read"),
    (b"{" + b"\xff" * 100, "cannot be read"),
    (b'{"type": "Polygon", "coordinates": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
    (b'{"type": "Polygon", "coordinates": ' + b"[" * 900 + b"]" * 900 + b"}", "GeoJSON"),
    (b'{"a": 1}', "must be one of Polygon"),
    (b'{"type": "Topology"}', "must be one of Polygon"),
    (b'{"type": "Polygon", "coordinates": [[[0, 0], [1, 1e999], [1, 1], [0, 0]]]}', "finite numbers"),
    (b"SQLite format 3\x00" + bytes(5000), "cannot be read"),
    (b"SQLite format 3\x00", "cannot be read"),
    (b"<kml", "not well-formed"),
    (b"<html><body>Not found</body></html>", "damaged, or not what it looks like"),
    (kml(SQUARE, head='<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), "document type"),
    (kml(SQUARE, head='<!DOCTYPE kml SYSTEM "http://127.0.0.1:9/x.dtd">'), "document type"),
    (kml(SQUARE, head='<!DOCTYPE k [<!ENTITY a "aaa"><!ENTITY b "&a;&a;">]>').decode().encode("utf-16"), "KML"),
    (zipped({"doc.kml": kml(SQUARE, head="<!DOCTYPE kml>")}), "document type"),
    (b"PK\x03\x04garbage", "damaged"),
    (zipped({"a.txt": b"x"}), "neither a .shp nor a .kml"),
    (zipped({"../area.kml": kml(SQUARE)}), "outside of itself: '../area.kml'"),
    (zipped({"/etc/area.kml": kml(SQUARE)}), "outside of itself"),
    (zipped({"a\\..\\area.kml": kml(SQUARE)}), "outside of itself"),
    (zipped({"C:area.kml": kml(SQUARE)}), "outside of itself"),
    (zipped({"doc.kml": kml(SQUARE), "more.zip": b"PK"}), "packed file in it, 'more.zip'"),
    (zipped({f"{i}.txt": b"" for i in range(201)}), "201 members, and at most 200"),
    (zipped({"a.shp": b"x"}), "no a.shx, without which"),
    (zipped({"a.shp": b"x" * 200, "a.shx": b"x" * 200, "a.prj": b"x"}), "cannot be read"),
    (BOMB, "more than 10,000,000 bytes"),
    (_lying(BOMB), "damaged"),
]


@pytest.mark.parametrize(("content", "words"), FILES, ids=[str(i) for i in range(len(FILES))])
def test_faults_of_files(api: APIClient, county: County, content: bytes, words: str) -> None:
    assert words in refused(api, content)


def test_a_link_in_a_zip(api: APIClient, county: County) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        link = zipfile.ZipInfo("doc.kml")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert "has a link, 'doc.kml'" in refused(api, target.getvalue())


def test_a_gdal_file_that_names_others_is_not_read(api: APIClient, county: County) -> None:
    """XML that GDAL would take for its own virtual format, which names any file or address."""
    for driver, source in (("OGRVRTDataSource", "/etc/passwd"), ("OGRVRTDataSource", "/vsicurl/http://127.0.0.1:9/x")):
        content = f'<{driver}><OGRVRTLayer name="x"><SrcDataSource>{source}</SrcDataSource></OGRVRTLayer></{driver}>'
        assert "damaged, or not what it looks like" in refused(api, content.encode())


def test_ten_megabytes_of_garbage(api: APIClient, county: County, settings: Any) -> None:
    content = b'{"type": "FeatureCollection", "features": [' + b'{"type": "Feature", "geometry": null},' * 260_000
    assert "cannot be read" in refused(api, content[:10_000_000])
    content = b'{"type": "FeatureCollection", "features": [' + b"0," * 4_900_000 + b"0]}"
    words = refused(api, content)
    assert "Feature 20: " in words
    assert len(words) < 5000


def test_too_large(api: APIClient, county: County, settings: Any) -> None:
    settings.MAX_AREA_FILE_BYTES = 1000
    assert "at most 1,000 are allowed" in refused(api, b"{" * 1001)
    response = upload(api, b"{" * 100_000)
    assert (response.status_code, response.json()["code"]) == (413, "body_too_large")
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    body = {"county_id": "COUNTY01", "file": SimpleUploadedFile("x", b"x" * 2000)}
    assert api.post(f"{URL}/run", body, format="multipart").status_code == 413


def test_every_fault_of_the_form_at_once(api: APIClient, county: County) -> None:
    response = api.post(f"{URL}/areas", {"county_id": "COUNTY99", "crs": "x", "name": "n" * 151}, format="multipart")
    assert response.status_code == 400
    assert {error["field"] for error in response.json()["errors"]} == {"county_id", "crs", "name", "file"}
    assert api.post(f"{URL}/areas", {}, format="json").status_code == 415


def test_what_is_read_is_bounded() -> None:
    archive = unpack.Archive(zipped({"a": b"x" * 600, "b": b"x" * 600}), 1000)
    assert archive.read("a") == b"x" * 600
    with pytest.raises(ValueError, match="more than 1,000 bytes"):
        archive.read("b")


def test_they_are_their_owners(
    client_of: ClientOf, make_user: MakeUser, county: County, other_county: County, api: APIClient
) -> None:
    area = accepted(api, geojson(POLYGON))
    address = f"{URL}/areas/{area['id']}"
    manager = client_of(make_user("boss", Role.MANAGER, county))
    outsider = client_of(make_user("far", Role.MANAGER, other_county))
    for stranger in (manager, outsider):
        assert stranger.get(address).status_code == stranger.delete(address).status_code == 404
        assert stranger.get(f"{URL}/areas").json()["results"] == []
    body = {"export_format": "CSV", "layers": ["parcels"], "area_of_interest": area["area_of_interest"]}

    def estimate(client: APIClient, county_id: str) -> Any:
        return client.post(f"{URL}/estimate", {**body, "county_id": county_id}, format="json")

    assert estimate(api, "COUNTY01").status_code == 200
    for client, county_id in ((manager, "COUNTY01"), (outsider, "COUNTY02")):
        response = estimate(client, county_id)
        assert response.status_code == 400
        assert "You have no uploaded area" in response.content.decode()
    assert upload(client_of(make_user("eye", Role.VIEWER, county)), geojson(POLYGON)).status_code == 403
    assert upload(outsider, geojson(POLYGON)).status_code == 400
    assert api.get(address).json() == area
    assert api.delete(address).status_code == 204
    assert api.get(address).status_code == 404
    assert api.get(f"{URL}/areas/5").status_code == api.delete(f"{URL}/areas/5").status_code == 400


def test_a_right_that_was_taken_away(api: APIClient, county: County, analyst: Any) -> None:
    address = f"{URL}/areas/{accepted(api, geojson(POLYGON))['id']}"
    analyst.county_access.all().delete()
    assert api.get(address).status_code == 404
    assert api.get(f"{URL}/areas").json()["results"] == []


def test_uploads_at_once_stay_within_the_limit(
    transactional_db: None, county: County, client_of: ClientOf, analyst: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has passed the first look at the limit before any is kept."""
    monkeypatch.setattr(serializers, "MAX_KEPT", 3)
    together, read = threading.Barrier(8, timeout=60), files.read

    def wait(*arguments: Any, **options: Any) -> Any:
        together.wait()
        return read(*arguments, **options)

    def send(client: APIClient) -> Any:
        try:
            return upload(client, geojson(POLYGON))
        finally:
            connection.close()

    with monkeypatch.context() as patch, ThreadPoolExecutor(8) as pool:
        patch.setattr(files, "read", wait)
        responses = list(pool.map(send, [client_of(analyst) for _ in range(8)]))
    assert sorted(response.status_code for response in responses) == [201] * 3 + [409] * 5
    assert {response.json()["code"] for response in responses if response.status_code == 409} == {"too_many_areas"}
    assert UploadedArea.objects.count() == 3
    UploadedArea.objects.earliest("created_at").delete()
    assert send(client_of(analyst)).status_code == 201
    monkeypatch.setattr(files, "read", mock.Mock(side_effect=AssertionError("was opened")))
    assert send(client_of(analyst)).status_code == 409


def test_they_expire(api: APIClient, county: County) -> None:
    area = accepted(api, geojson(POLYGON))
    UploadedArea.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert api.get(f"{URL}/areas/{area['id']}").status_code == 404
    body = {"export_format": "CSV", "county_id": "COUNTY01", "layers": ["parcels"]}
    response = api.post(f"{URL}/estimate", {**body, "area_of_interest": area["area_of_interest"]}, format="json")
    assert "it may have expired" in response.content.decode()
    assert sweep().areas == 1
    assert not UploadedArea.objects.exists()


@pytest.mark.parametrize("wanted", [None, 5, "x", ["x"], {}, "00000000-0000-0000-0000-000000000000"])
def test_ids_that_are_none(api: APIClient, county: County, wanted: Any) -> None:
    area = {"type": "upload", "id": wanted}
    body = {"export_format": "CSV", "county_id": "COUNTY01", "layers": ["parcels"], "area_of_interest": area}
    response = api.post(f"{URL}/estimate", body, format="json")
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == ["area_of_interest"]
