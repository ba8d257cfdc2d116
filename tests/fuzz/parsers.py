"""Each parser as a function of bytes, which returns for what is refused in our own words and raises for all else.

None asks the database: what names records (parcels, districts, uploads) is looked up there, and has tests of its own.
"""

from __future__ import annotations

import datetime
import io
import json
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa
from django.db.models import F
from rest_framework.exceptions import APIException

from terrafusion import areas
from terrafusion.api.parsers import JSONParser
from terrafusion.areas import AreaError, files, parcels, reading
from terrafusion.areas.files import gdal
from terrafusion.records import conditions
from terrafusion.records.layers import FieldType, Layer, LayerField
from terrafusion.records.loading import mapping
from terrafusion.records.loading.convert import convert
from terrafusion.records.loading.errors import LoadError
from terrafusion.records.loading.targets import Kind, Target
from terrafusion.records.models import County, PropertyOperational

_COUNTY = County(id="COUNTY01", state_plane_srid=2926)
_MAX_VERTICES = 20_000
_TODAY = datetime.date(2026, 1, 1)
_KINDS = {name: read for name, read in reading._BY_NAME.items() if name not in ("district", "upload")}


def _json(data: bytes) -> Any:
    """As the views are given it."""
    return JSONParser().parse(io.BytesIO(data), "application/json", {})


def body(data: bytes) -> None:
    with suppress(APIException):
        _json(data)


def area(data: bytes) -> None:
    with suppress(APIException, AreaError):
        given = _json(data)
        unknown = mock.patch.object(parcels, "area_of", side_effect=AreaError("Parcels are not asked here."))
        with mock.patch.object(reading, "_BY_NAME", _KINDS), unknown:
            _check(areas.parse(given, _COUNTY, _MAX_VERTICES, None))


def wkt(data: bytes) -> None:
    with suppress(AreaError):
        _check(areas.parse(data.decode(errors="surrogateescape"), _COUNTY, _MAX_VERTICES, None))


def _check(area: areas.Area) -> None:
    west, south, east, north = area.geometry.bounds
    assert area.geometry.is_valid
    assert area.geometry.geom_type in ("Polygon", "MultiPolygon")
    assert -180 <= west < east <= 180, area
    assert -90 <= south < north <= 90, area


def area_file(data: bytes) -> None:
    """But for what GDAL reads, in a process that may crash."""
    unread = AreaError("GDAL is not asked here.")
    with mock.patch.object(gdal, "_ask", side_effect=unread), suppress(AreaError):
        _check(files.read(data, max_vertices=_MAX_VERTICES).area)


def _layer() -> Layer:
    """A field of each type, and one that is personal."""
    fields = [LayerField(kind.value, kind, F("parcel_number")) for kind in FieldType]
    owner = LayerField("owner", FieldType.TEXT, F("owner_name"), personal=True)
    return Layer("parcels", "Parcels", "MultiPolygon", PropertyOperational.objects.none(), (*fields, owner))


def where(data: bytes) -> None:
    layer = _layer()
    with suppress(APIException):
        given = _json(data)
        read = conditions.Reading(layer, personal=False)
        tree = read.read(given, "where")
        if not read.faults and tree != {"all": []}:
            conditions.expression(tree, {field.name: field for field in layer.fields})
            assert "owner" not in conditions.fields_of(tree)


def load_values(data: bytes) -> None:
    """The first byte says which kind of column the lines are of."""
    kind = list(Kind)[data[0] % len(Kind)] if data else Kind.TEXT
    cells = data[1:].split(b"\n")
    raw = pa.array(cells, pa.binary())
    source = pa.StringArray.from_buffers(len(raw), *raw.buffers()[1:], raw.buffers()[0])
    target = Target("column", kind, required=True, width=20)
    values, problems = convert(source, target, mapping.FieldMapping(null=("NA", -999)), _TODAY)
    assert len(values) == len(cells)
    for row, value in enumerate(values.to_pylist()):
        named = any(problem.mask[row] for problem in problems)
        assert named or value is not None or kind is Kind.TEXT, cells[row]


def load_mapping(data: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".toml") as file, suppress(LoadError):
        file.write(data)
        file.flush()
        mapping.read(Path(file.name))


Parser = Callable[[bytes], None]
PARSERS: dict[str, Parser] = {
    parser.__name__: parser for parser in (body, area, wkt, area_file, where, load_values, load_mapping)
}
_RING = [[-122, 47], [-121, 47], [-121, 48], [-122, 47]]
_POLYGON = {"type": "Polygon", "coordinates": [_RING]}
_FEATURE = {"type": "Feature", "properties": {}, "geometry": _POLYGON}
SEEDS: dict[str, list[bytes]] = {
    "body": [b'{"county_id": "KING", "layers": ["parcels"], "parameters": {"fresh": true, "most": 1.5e3}}', b"[[]]"],
    "area": [
        json.dumps(each).encode()
        for each in (
            _POLYGON,
            {"type": "FeatureCollection", "features": [_FEATURE]},
            {"type": "bbox", "coordinates": [-122, 47, -121, 48], "crs": "EPSG:4326"},
            {"type": "bbox", "coordinates": [170, -20, -170, -10]},
            {"type": "buffer", "distance": 100, "units": "ft", "of": _POLYGON},
            {"type": "buffer", "distance": 100, "units": "m", "parcels": ["0001"]},
            {**_POLYGON, "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2926"}}},
            [_POLYGON, "POLYGON((0 0,1 0,1 1,0 0))"],
        )
    ],
    "wkt": [b"POLYGON ((0 0, 1 0, 1 1, 0 0), (0.1 0, 0.2 0, 0.2 0.1, 0.1 0))", b"MULTIPOLYGON Z (((0 0 1, 1 0 1)))"],
    "area_file": [json.dumps(_FEATURE).encode(), b"PK\x03\x04", b"<?xml version='1.0'?><kml/>", b"SQLite format 3\x00"],
    "where": [
        json.dumps(each).encode()
        for each in (
            [{"field": "text", "op": "=", "value": "R-1", "ignore_case": True}],
            {"any": [{"field": "integer", "op": "between", "value": [1, 2]}, {"field": "date", "op": "is_null"}]},
            {"field": "datetime", "op": "in", "value": ["2024-12-31T12:00:00Z"]},
            {"field": "owner", "op": "contains", "value": "a"},
        )
    ],
    "load_values": [bytes([n]) + b"12\n1,234.50\n2025-02-03T04:05:06+02:00\nyes\n\nNA" for n in range(len(Kind))],
    "load_mapping": [
        b'crs = 2926\nduplicates = "first"\n[fields]\nparcel_number = "PIN"\n'
        b'sale_date = { column = "D", format = "%m/%d/%Y", null = ["NA"], on_error = "null" }\n'
        b'[layer]\ntitle = "Zoning"\nkeep = ["A"]\n[point]\nx = "X"\ny = "Y"\n'
    ],
}
