"""Reference layers: record, typed schema and features."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import shapely

from terrafusion.records.layers import layers_of
from terrafusion.records.models import County, ReferenceFeature, ReferenceLayer
from tests.records.loading import files

COLUMNS: dict[str, Any] = {
    "ZONE": ["R-1", "C__2", None],
    "ID": pa.array([2**60 + 1, 2, None], pa.int64()),
    "HEIGHT": [30.5, None, 1e-3],
    "ACTIVE": [True, False, None],
    "SINCE": pa.array([datetime.date(1998, 12, 12), None, None], pa.date32()),
    "CHANGED": pa.array(
        [datetime.datetime(2001, 2, 3, 4, 5, tzinfo=datetime.UTC), None, None], pa.timestamp("ms", "UTC")
    ),
    "a__b": ["x", "y", "z"],
    "2010": ["census", "", "ü"],
    "OWNER": ["Jane Roe", "", ""],
}
MAPPING = """
[layer]
title = "Zoning"
description = "Zones of the county."
key = "a__b"
personal = ["OWNER"]
[layer.fields.ZONE]
description = "The zone"
"""


def _write(folder: Path, rows: int = 3) -> Path:
    columns = {
        name: (values if isinstance(values, pa.Array) else pa.array(values))[:rows] for name, values in COLUMNS.items()
    }
    return files.write(folder / "zones.gpkg", columns, [files.square(n) for n in range(rows)])


def test_record_schema_and_values(king: County, tmp_path: Path) -> None:
    described = files.mapping(tmp_path, MAPPING)
    report = files.load(king, "zoning", _write(tmp_path), mapping=described, as_of=datetime.date(2020, 1, 1))
    assert report["inserted"] == 3
    assert report["notes"] == ["The column 'a__b' became 'a_b'.", "The column '2010' became 'f_2010'."]
    record = ReferenceLayer.objects.get()
    assert (record.name, record.title, record.description) == ("zoning", "Zoning", "Zones of the county.")
    assert (record.geometry_type, record.source, record.as_of) == (
        "MultiPolygon",
        "zones.gpkg",
        datetime.date(2020, 1, 1),
    )
    assert [(field["name"], field["type"], field["width"], field["personal"]) for field in record.field_schema] == [
        ("ZONE", "text", 4, False),
        ("ID", "integer", None, False),
        ("HEIGHT", "real", None, False),
        ("ACTIVE", "boolean", None, False),
        ("SINCE", "date", None, False),
        ("CHANGED", "datetime", None, False),
        ("a_b", "text", 1, False),
        ("f_2010", "text", 6, False),
        ("OWNER", "text", 8, True),
    ]
    assert record.field_schema[0]["description"] == "The zone"
    feature = ReferenceFeature.objects.get(feature_key="x")
    assert files.known(feature.geometry).geom_type == "MultiPolygon"
    assert feature.attributes == {
        "ZONE": "R-1",
        "ID": 2**60 + 1,
        "HEIGHT": 30.5,
        "ACTIVE": True,
        "SINCE": "1998-12-12",
        "CHANGED": "2001-02-03T04:05:00+00:00",
        "a_b": "x",
        "f_2010": "census",
        "OWNER": "Jane Roe",
    }


def test_texts_keep_every_digit_and_the_moment(king: County, tmp_path: Path) -> None:
    """Of a layer whose mapping gives types: a double has 53 bits, and a time may have a zone."""
    described = files.mapping(tmp_path, '[layer.fields.ID]\ntype = "integer"\n[layer.fields.AT]\ntype = "datetime"\n')
    rows = {
        "ID": ["9007199254740993", "+9007199254740995", "-9007199254740993"],
        "AT": ["2020-02-29T23:30:00-08:00", "2020-02-29 23:30", "2020-02-29T23:30:00Z"],
    }
    path = files.write(tmp_path / "t.gpkg", rows, [files.square(n) for n in range(3)])
    report = files.load(king, "t", path, mapping=described)
    assert (report["inserted"], report["refused"]) == (3, {})
    attributes = [feature.attributes for feature in ReferenceFeature.objects.order_by("pk")]
    assert [row["ID"] for row in attributes] == [2**53 + 1, 2**53 + 3, -(2**53) - 1]
    assert [row["AT"] for row in attributes] == [
        "2020-03-01T07:30:00+00:00",
        "2020-02-29T23:30:00+00:00",
        "2020-02-29T23:30:00+00:00",
    ]


def test_the_layer_registry_reads_every_field_with_its_type(king: County, tmp_path: Path) -> None:
    files.load(king, "zoning", _write(tmp_path), mapping=files.mapping(tmp_path, MAPPING))
    layer = next(layer for layer in layers_of(king) if layer.name == "zoning")
    fields = {f"read_{field.name}": field.expression for field in layer.fields}
    row = layer.queryset.annotate(**fields).values(*fields).get(feature_key="x")
    assert list(row.values()) == [
        "R-1",
        2**60 + 1,
        30.5,
        True,
        datetime.date(1998, 12, 12),
        datetime.datetime(2001, 2, 3, 4, 5, tzinfo=datetime.UTC),
        "x",
        "census",
        "Jane Roe",
    ]


def test_the_layer_becomes_what_the_file_is(king: County, tmp_path: Path) -> None:
    described = files.mapping(tmp_path, MAPPING)
    files.load(king, "zoning", _write(tmp_path), mapping=described)
    stamp = ReferenceLayer.objects.get().updated_at
    again = files.load(king, "zoning", _write(tmp_path), mapping=described)
    assert (again["inserted"], again["updated"], again["unchanged"], again["removed"]) == (0, 0, 3, 0)
    assert ReferenceLayer.objects.get().updated_at == stamp
    fewer = files.load(king, "zoning", _write(tmp_path, rows=2), mapping=described)
    assert (fewer["unchanged"], fewer["removed"]) == (2, 1)


def test_without_a_key_features_are_known_by_their_row(king: County, tmp_path: Path) -> None:
    files.load(king, "zoning", _write(tmp_path))
    assert list(ReferenceFeature.objects.values_list("feature_key", flat=True)) == ["1", "2", "3"]
    assert ReferenceLayer.objects.get().title == "Zoning"


def test_a_key_that_repeats_is_refused(king: County, tmp_path: Path) -> None:
    path = files.write(tmp_path / "z.gpkg", {"K": ["a", "a", ""]}, [files.square(n) for n in range(3)])
    report = files.load(king, "z", path, mapping=files.mapping(tmp_path, '[layer]\nkey = "K"\n'))
    assert (report["inserted"], report["refused"]) == (1, {"missing": 1, "duplicate": 1})


def test_lines_and_points(king: County, tmp_path: Path) -> None:
    line = shapely.LineString([(files.X, files.Y, 5), (files.X + 9, files.Y, 5)])
    roads = files.write(tmp_path / "roads.gpkg", {"NAME": ["Main"]}, [line], geometry_type="LineString Z")
    files.load(king, "roads", roads)
    hydrants = files.write_csv(tmp_path / "h.csv", [{"id": "1", "x": str(files.X), "y": str(files.Y)}])
    described = files.mapping(tmp_path, 'crs = 2926\n[point]\nx = "X"\ny = "y"\n[layer.fields.id]\ntype = "integer"\n')
    files.load(king, "hydrants", hydrants, mapping=described)
    types = {
        feature.layer.name: (files.known(feature.geometry).geom_type, files.known(feature.geometry).hasz)
        for feature in ReferenceFeature.objects.all()
    }
    assert types == {"roads": ("MultiLineString", False), "hydrants": ("MultiPoint", False)}
    assert ReferenceFeature.objects.get(layer__name="hydrants").attributes["id"] == 1


def test_keep_and_drop(king: County, tmp_path: Path) -> None:
    files.load(king, "a", _write(tmp_path), mapping=files.mapping(tmp_path, '[layer]\nkeep = ["ZONE", "ID"]\n'))
    files.load(king, "b", _write(tmp_path), mapping=files.mapping(tmp_path, '[layer]\ndrop = ["ZONE"]\n'))
    names = {record.name: [field["name"] for field in record.field_schema] for record in ReferenceLayer.objects.all()}
    assert names["a"] == ["ZONE", "ID"]
    assert "ZONE" not in names["b"]
    assert len(names["b"]) == 8


def test_what_a_later_load_does_not_name_stays(king: County, tmp_path: Path) -> None:
    """A file loaded again without its mapping must not make personal columns public, or rename the layer."""
    described = files.mapping(tmp_path, MAPPING)
    files.load(king, "zoning", _write(tmp_path), mapping=described, as_of=datetime.date(2020, 1, 1))
    before = ReferenceLayer.objects.values("title", "description", "as_of", "field_schema").get()
    files.load(king, "zoning", _write(tmp_path))
    assert ReferenceLayer.objects.values("title", "description", "as_of", "field_schema").get() == before
    files.load(king, "zoning", _write(tmp_path), mapping=files.mapping(tmp_path, "[layer]\npersonal = []"))
    assert not any(field["personal"] for field in ReferenceLayer.objects.get().field_schema)  # named, so done
