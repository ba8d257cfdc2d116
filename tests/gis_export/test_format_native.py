"""GeoPackage, FlatGeobuf, Shapefile, FileGDB and TAB, read by GDALs that did not write them: fiona's, and Debian's."""

from __future__ import annotations

import csv
import datetime
import shutil
import sqlite3
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fiona
import pyogrio
import pyogrio.raw
import pyproj
import pytest
import shapely

from tests.gis_export import data
from tests.gis_export.compare import within
from tests.gis_export.conftest import STATE_PLANE, Export, Exports, Row
from tests.gis_export.truth import Truth

LAYERS = ["parcels", "sales", "zoning", "roads", "trees"]
TYPES = {"parcels": "MultiPolygon", "sales": "Point", "roads": "MultiLineString", "trees": "MultiPoint"}
needs_ogrinfo = pytest.mark.skipif(shutil.which("ogrinfo") is None, reason="no gdal-bin on this machine")


def read(path: Path, layer: str | None = None, without: Sequence[str] = ()) -> list[Row]:
    with fiona.open(path, layer=layer, **({"ignore_fields": without} if without else {})) as source:
        kinds = source.schema["properties"]
        return [
            Row(
                {name: _typed(value, kinds[name]) for name, value in feature.properties.items()},
                None if feature.geometry is None else shapely.geometry.shape(feature.geometry),
            )
            for feature in source
        ]


def _typed(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "date":
        return datetime.date.fromisoformat(value)
    if kind == "datetime":
        moment = datetime.datetime.fromisoformat(value)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).astimezone(datetime.UTC)
        return moment.replace(microsecond=round(moment.microsecond, -3))  # fiona takes it out of a float
    return value


def to_the_millisecond(row: Row) -> Row:
    """GDAL's date-times have milliseconds, and before 1970 none in the last second of a minute."""
    values = {
        name: _rounded(value) if isinstance(value, datetime.datetime) else value for name, value in row.values.items()
    }
    return Row(values, row.geometry)


def _rounded(moment: datetime.datetime) -> datetime.datetime:
    half_up = moment + datetime.timedelta(microseconds=500)
    rounded = half_up.replace(microsecond=half_up.microsecond // 1000 * 1000)
    if rounded.year < 1970 and rounded.second == 59:
        return (moment + datetime.timedelta(seconds=0.5)).replace(microsecond=0)
    return rounded


def renamed(row: Row) -> Row:
    """GDAL tells no "Label" from "label"."""
    return Row({"Label_2" if name == "Label" else name: value for name, value in row.values.items()}, row.geometry)


def with_times(row: Row) -> Row:
    """FlatGeobuf has no dates without a time."""
    midnight = datetime.time(tzinfo=datetime.UTC)
    values = {
        name: datetime.datetime.combine(value, midnight) if type(value) is datetime.date else value
        for name, value in row.values.items()
    }
    return Row(values, row.geometry)


class TestGeoPackage:
    truth = Truth(
        lambda exports, export, layer: read(export.holding(layer), layer),
        lambda exports, export, layer: map(renamed, map(to_the_millisecond, exports.rows(layer))),
    )

    def test_losses_are_reported(self, exports: Exports) -> None:
        export = exports("GeoPackage", *LAYERS)
        assert export.losses("parcels") == export.losses("sales") == []
        assert export.losses("zoning") == [
            ("renamed", "Label", None),
            ("altered", "moment", 10),
        ]

    def test_tables_of_the_standard(self, exports: Exports) -> None:
        path = exports("GeoPackage", *LAYERS).path
        with sqlite3.connect(path) as database:
            assert database.execute("PRAGMA application_id").fetchone() == (0x47504B47,)
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert database.execute("PRAGMA foreign_key_check").fetchall() == []
            contents = dict(database.execute("SELECT table_name, last_change FROM gpkg_contents"))
            described = database.execute(
                "SELECT identifier, description FROM gpkg_contents WHERE table_name = 'zoning'"
            ).fetchone()
            declared = database.execute("SELECT table_name, geometry_type_name, z, m FROM gpkg_geometry_columns")
            kinds = {name: (kind, z, m) for name, kind, z, m in declared}
            trees = {
                row[0]
                for row in database.execute(
                    "SELECT table_name FROM gpkg_extensions WHERE extension_name = 'gpkg_rtree_index'"
                )
            }
            for layer in LAYERS:
                (name,) = database.execute(
                    "SELECT column_name FROM gpkg_geometry_columns WHERE table_name = ?", [layer]
                ).fetchone()
                (indexed,) = database.execute(f'SELECT count(*) FROM "rtree_{layer}_{name}"').fetchone()
                assert indexed == sum(row.has_shape for row in exports.rows(layer))
        assert list(contents) == LAYERS
        assert described == ("Layer zoning", 'About <this> & "that"')
        for moment in contents.values():
            assert datetime.datetime.strptime(moment, "%Y-%m-%dT%H:%M:%S.%fZ").year >= 2024
        wanted = {**TYPES, "zoning": "MultiPolygon"}
        assert kinds == {layer: (kind.upper(), 0, 0) for layer, kind in wanted.items()}
        assert trees == set(LAYERS)

    @needs_ogrinfo
    def test_debians_gdal_reads_it_without_a_word(self, exports: Exports) -> None:
        path = exports("GeoPackage", *LAYERS).path
        info = subprocess.run(["ogrinfo", "-ro", "-al", "-so", path], capture_output=True, text=True, check=True)
        # GDAL before 3.7 says that it does not know version 1.4 in full.
        assert [line for line in info.stderr.splitlines() if "user_version" not in line] == []
        assert info.stdout.count("Feature Count: 24") == 2


class TestFlatGeobuf:
    truth = Truth(
        lambda exports, export, layer: read(export.holding(layer)),
        lambda exports, export, layer: [
            renamed(with_times(to_the_millisecond(row))) for row in exports.rows(layer) if row.has_shape
        ],
        ordered=False,
    )

    def test_records_without_a_shape_go_beside_it(self, exports: Exports) -> None:
        export = exports("FlatGeobuf", "parcels")
        missing = [row.values["parcel_number"] for row in exports.rows("parcels") if not row.has_shape]
        with export.file("_without_geometry.csv").open(encoding="utf-8", newline="") as file:
            assert [row["parcel_number"] for row in csv.DictReader(file)] == missing
        assert ("moved", "", len(missing)) in export.losses("parcels")

    def test_it_is_indexed(self, exports: Exports) -> None:
        path = exports("FlatGeobuf", "parcels").file(".fgb")
        assert pyogrio.read_info(path)["capabilities"]["fast_spatial_filter"]
        with fiona.open(path) as source:
            assert source.meta["crs"].to_epsg() == 4326
            box = (data.WEST, data.SOUTH, data.WEST + 0.0005, data.SOUTH + 0.0005)
            assert [feature.properties["parcel_number"] for feature in source.filter(bbox=box)] == ["0000"]

    @needs_ogrinfo
    def test_debians_gdal_uses_the_index(self, exports: Exports) -> None:
        path = exports("FlatGeobuf", "parcels").file(".fgb")
        box = ["-spat", *map(str, (data.WEST, data.SOUTH, data.WEST + 0.0005, data.SOUTH + 0.0005))]
        info = subprocess.run(["ogrinfo", "-al", "-so", *box, path], capture_output=True, text=True, check=True)
        assert (info.stderr, info.stdout.count("Feature Count: 1\n")) == ("", 1)


def crosswalk(export: Export, layer: str) -> list[tuple[str, str]]:
    with export.file(f"{layer}_fields.csv").open(encoding="utf-8", newline="") as file:
        return [(row["shapefile_field"], row["field"]) for row in csv.DictReader(file)]


def as_shapefile(exports: Exports, export: Export, layer: str) -> list[Row]:
    """The values under the names that the crosswalk tells, as dBASE has them."""
    pairs = crosswalk(export, layer)
    rows = exports.rows(layer)
    wide = {name for name in exports.fields(layer) if _digits(rows, name) > 18}
    wanted = []
    for row in rows:
        values: dict[str, Any] = {}
        for short, name in pairs:
            again = name in [done for other, done in pairs if other in values]
            values[short] = _in_dbase(row.values[name], as_text=again)
            if name in wide and values[short] is not None:
                values[short] = float(values[short])
        wanted.append(Row(values, row.geometry if row.has_shape else None))
    return wanted


class TestShapefile:
    truth = Truth(lambda exports, export, layer: [_multi(row) for row in read(export.holding(layer))], as_shapefile)

    @pytest.mark.parametrize("layer", LAYERS)
    def test_parts(self, exports: Exports, layer: str) -> None:
        export = exports("Shapefile", layer)
        suffixes = ("shp", "shx", "dbf", "prj", "cpg")
        assert set(export.files) == {f"{layer}.{s}" for s in suffixes} | {f"{layer}_fields.csv", "manifest.json"}
        assert export.file(".cpg").read_text() == "UTF-8"
        assert pyproj.CRS.from_wkt(export.file(".prj").read_text()).equals(pyproj.CRS.from_epsg(4326), True)

    @pytest.mark.parametrize("layer", LAYERS)
    def test_names(self, exports: Exports, layer: str) -> None:
        pairs = crosswalk(exports("Shapefile", layer), layer)
        names = [short for short, _ in pairs]
        assert len({name.upper() for name in names}) == len(names)
        assert all(len(name.encode()) <= 10 and name.isascii() for name in names)
        assert list(dict.fromkeys(name for _, name in pairs)) == exports.fields(layer)
        assert list(_dbase_fields(exports("Shapefile", layer).file(".dbf"))) == names

    def test_widths_are_those_of_the_texts(self, exports: Exports) -> None:
        widths = _dbase_fields(exports("Shapefile", "parcels").file(".dbf"))
        assert (widths["PARCEL_NO"], widths["SITUS_CITY"], widths["MAIL_STATE"]) == (("C", 4), ("C", 7), ("C", 2))
        assert _dbase_fields(exports("Shapefile", "zoning").file(".dbf"))["label"] == ("C", 254)

    def test_losses_are_counted(self, exports: Exports) -> None:
        rows = exports.rows("zoning")
        labels = [row.values["label"] for row in rows if row.values["label"] is not None]
        long = sum(len(label.encode()) > 254 for label in labels)
        blank = sum(not label or label.endswith(" ") for label in labels)
        great = sum(abs(row.values["real"] or 0) >= 1e22 for row in rows)
        assert (long, blank, great) == (2, 2, 3)
        losses = [
            loss
            for loss in exports("Shapefile", "zoning").losses("zoning")
            if loss[1] in ("label", "real", "big", "moment")
        ]
        assert sorted(losses, key=str) == sorted(
            [
                ("truncated", "label", long),
                ("altered", "label", blank),
                ("dropped", "real", great),
                ("retyped", "real", None),
                ("retyped", "big", None),
                ("retyped", "moment", None),
            ],
            key=str,
        )

    @needs_ogrinfo
    def test_debians_gdal_reads_it_without_a_word(self, exports: Exports) -> None:
        for layer in LAYERS:
            path = exports("Shapefile", layer).file(".shp")
            info = subprocess.run(["ogrinfo", "-ro", "-al", path], capture_output=True, text=True, check=True)
            assert info.stderr == ""


def _in_dbase(value: Any, *, as_text: bool) -> Any:
    """As dBASE has it, and GDAL reads it: 254 bytes of text without blanks at its ends, 15 decimals, 18 digits."""
    if isinstance(value, datetime.datetime):
        return value.isoformat() if as_text else value.date()
    if isinstance(value, str):
        return value.encode()[:254].decode(errors="ignore").strip(" ") or None
    if isinstance(value, float):
        return float(f"{value:.15f}") if abs(value) < 1e22 else None
    return value


def _digits(rows: list[Row], name: str) -> int:
    return max(len(str(row.values[name])) if type(row.values[name]) is int else 0 for row in rows)


def _multi(row: Row) -> Row:
    """A Shapefile tells no Multi type of one part from its single type."""
    shape = row.geometry
    if shape is not None and shape.geom_type in ("Polygon", "LineString"):
        shape = getattr(shapely, f"Multi{shape.geom_type}")([shape])
    return Row(row.values, shape)


def _dbase_fields(path: Path) -> dict[str, tuple[str, int]]:
    """Names, types and widths, from the header of a .dbf."""
    content = path.read_bytes()
    (size,) = struct.unpack_from("<H", content, 8)
    fields = {}
    for start in range(32, size - 1, 32):
        name = content[start : start + 11].split(b"\0")[0].decode()
        fields[name] = (chr(content[start + 11]), content[start + 16])
    return fields


@pytest.mark.parametrize("export_format", ["GeoPackage", "FlatGeobuf", "Shapefile", "GeoParquet", "CSV"])
def test_state_plane(exports: Exports, export_format: str) -> None:
    export = exports(export_format, "sales", crs="state_plane")
    entry = export.manifest["layers"][0]
    assert entry["crs"] == f"EPSG:{STATE_PLANE}"
    forward = pyproj.Transformer.from_crs(4326, STATE_PLANE, always_xy=True)
    points = [forward.transform(row.geometry.x, row.geometry.y) for row in exports.rows("sales") if row.has_shape]
    if export_format == "CSV":
        assert entry["extent"] is None  # a file that states no extent is not held up by it
    else:
        assert entry["extent"] == pytest.approx(shapely.MultiPoint(points).bounds, abs=0.001)  # feet
    if export_format in ("GeoPackage", "FlatGeobuf", "Shapefile"):
        path = export.file({"GeoPackage": ".gpkg", "FlatGeobuf": ".fgb", "Shapefile": ".shp"}[export_format])
        with fiona.open(path) as source:
            assert pyproj.CRS.from_wkt(source.crs_wkt).equals(pyproj.CRS.from_epsg(STATE_PLANE), True) or (
                source.crs.to_epsg() == STATE_PLANE
            )
            positions = sorted(feature.geometry.coordinates for feature in source if feature.geometry)
        assert positions == [pytest.approx(point, abs=0.001) for point in sorted(points)]


def moments(exports: Exports, layer: str) -> list[str]:
    """Of a geodatabase's, fiona fails on a second that its GDAL reads as 0.9999999 of one."""
    return [name for name, kind in exports.types(layer).items() if kind == "datetime"]


def as_geodatabase(exports: Exports, export: Export, layer: str) -> list[Row]:
    """Legal names, and whole numbers for true and false."""
    skipped = moments(exports, layer)
    return [
        Row(
            {
                _LEGAL.get(name, name): int(value) if isinstance(value, bool) else value
                for name, value in row.values.items()
                if name not in skipped
            },
            row.geometry,
        )
        for row in exports.rows(layer)
    ]


class TestFileGDB:
    truth = Truth(
        lambda exports, export, layer: read(export.holding(layer), layer, moments(exports, layer)),
        as_geodatabase,
        same=within(1e-9),
    )

    def test_date_times(self, exports: Exports) -> None:
        path = exports("FileGDB", *LAYERS).holding("zoning")
        _, table = pyogrio.raw.read_arrow(path, layer="zoning", columns=["moment"], read_geometry=False)
        wanted = [to_the_millisecond(row).values["moment"] for row in exports.rows("zoning")]
        for value, actual in zip(wanted, table.column("moment").to_pylist(), strict=True):
            assert (value is None) is (actual is None)
            assert value is None or abs(value - actual.replace(tzinfo=datetime.UTC)) <= datetime.timedelta(
                milliseconds=1
            )

    def test_losses_are_reported(self, exports: Exports) -> None:
        export = exports("FileGDB", *LAYERS)
        assert export.losses("sales") == [("retyped", "multi_parcel", None), ("altered", "", None)]
        renamed = {field for kind, field, _ in export.losses("zoning") if kind == "renamed"}
        assert renamed == set(_LEGAL)


_LEGAL = {
    "Label": "Label_2",
    "select": "f_select",
    "a_very_long_name_that_goes_beyond_the_sixty_three_bytes_of_postgresql_one": "a_very_long_name_that_goes_beyond_the"
    "_sixty_three_bytes_of_postg",
    "a_very_long_name_that_goes_beyond_the_sixty_three_bytes_of_postgresql_two": "a_very_long_name_that_goes_beyond_the"
    "_sixty_three_bytes_of_pos_2",
}


def as_mapinfo(exports: Exports, export: Export, layer: str) -> list[Row]:
    """Names of 31 letters, nothing absent but dates, and a record for each of several points."""
    types = exports.types(layer)
    largest = {name: _largest(exports.rows(layer), name) for name, kind in types.items() if kind == "integer"}
    rows = []
    for row in map(to_the_millisecond, exports.rows(layer)):
        values: dict[str, Any] = {}
        for name, value in row.values.items():
            kept = _ABSENT.get(types[name]) if value is None else value
            if largest.get(name, 0) > 2**53:
                kept = "" if value is None else str(value)
            elif largest.get(name, 0) > 2**31:
                kept = float(value or 0)
            if types[name] == "boolean":
                kept = "T" if kept else "F"  # as GDAL before 3.11 tells it
            values[_ASCII.get(name, name)] = _cut(kept) if isinstance(kept, str) else kept
        shape = row.geometry if row.has_shape else None
        parts = shape.geoms if shape is not None and shape.geom_type == "MultiPoint" else [shape]
        rows += [Row(values, part) for part in parts]
    return rows


class TestTAB:
    # On the grid of a layer that is less than a degree wide.
    truth = Truth(
        lambda exports, export, layer: [_multi(row) for row in read(export.holding(layer))],
        as_mapinfo,
        same=within(5e-10),
    )

    def test_several_points_of_a_record(self, exports: Exports) -> None:
        assert ("split", "", 1) in exports("TAB", "trees").losses("trees")

    def test_losses(self, exports: Exports) -> None:
        rows = exports.rows("zoning")
        export = exports("TAB", "zoning")
        losses = export.losses("zoning")
        for name in ("label", "big", "real", "flag"):
            assert ("altered", name, sum(row.values[name] is None for row in rows)) in losses
        renamed = {field for kind, field, _ in losses if kind == "renamed"}
        assert renamed == set(_ASCII)
        assert ("altered", "", 1) in losses  # the empty geometry
        assert ("truncated", "label", 2) in losses

    def test_the_prj_names_the_crs_that_the_file_cannot(self, exports: Exports) -> None:
        export = exports("TAB", "sales", crs="state_plane")
        assert pyproj.CRS.from_wkt(export.file(".prj").read_text()).equals(pyproj.CRS.from_epsg(STATE_PLANE), True)
        (entry,) = export.manifest["layers"]
        assert any("NAD83 (High Accuracy Reference Network)" in loss["detail"] for loss in entry["losses"])

    @needs_ogrinfo
    def test_debians_gdal_reads_it(self, exports: Exports) -> None:
        path = exports("TAB", "parcels", fields={"parcels": ["parcel_number", "total_value"]}).file(".tab")
        info = subprocess.run(["ogrinfo", "-ro", "-al", path], capture_output=True, text=True, check=True)
        assert info.stdout.count("OGRFeature(parcels)") == len(exports.rows("parcels"))
        assert "parcel_number (String) = 0012" in info.stdout
        assert "total_value: Integer (" in info.stdout


_ABSENT = {"text": "", "integer": 0, "real": 0.0}


def _largest(rows: list[Row], name: str) -> int:
    return max(abs(int(row.values[name] or 0)) for row in rows)


def _cut(text: str) -> str:
    return text.encode()[:254].decode(errors="ignore")


_ASCII = {
    "Label": "Label_2",
    "description_of_the_zone_in_words": "description_of_the_zone_in_word",
    "description_of_the_zone_in_numbers": "description_of_the_zone_in_numb",
    "Größe_中文": "Gr__e___",
    "a_very_long_name_that_goes_beyond_the_sixty_three_bytes_of_postgresql_one": "a_very_long_name_that_goes_beyo",
    "a_very_long_name_that_goes_beyond_the_sixty_three_bytes_of_postgresql_two": "a_very_long_name_that_goes_be_2",
}
