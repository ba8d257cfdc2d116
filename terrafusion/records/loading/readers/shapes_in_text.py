"""Geometries in columns of texts: WKT, EWKT, and WKB in hexadecimal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import shapely
from django.contrib.gis.gdal import GDALException, OGRGeometry
from pyproj import CRS
from pyproj.exceptions import CRSError

from terrafusion.records.loading.problems import ALTERED, Mask, Problem

_NAMES = ("wkt", "_wkt", "ewkt", "wkb", "ewkb", "geometry", "geom", "the_geom", "geometry_wkt", "wkt_geometry", "shape")
_HEX = re.compile(r"\s*0[01][0-9A-Fa-f]{16,}\s*$")
_TEXT = re.compile(
    r"\s*(?:SRID\s*=\s*(?P<srid>\d+)\s*;)?\s*(?P<type>(?:MULTI)?(?:POINT|LINESTRING|POLYGON)|GEOMETRYCOLLECTION|"
    r"CIRCULARSTRING|COMPOUNDCURVE|CURVEPOLYGON|MULTICURVE|MULTISURFACE)\s*(?:ZM|Z|M)?\s*(?:\(|EMPTY)",
    re.IGNORECASE,
)
_CURVE = re.compile(r"CIRCULARSTRING|COMPOUNDCURVE|CURVEPOLYGON|MULTICURVE|MULTISURFACE", re.IGNORECASE)
_PLAIN = re.compile(r"\s*(?:MULTI)?(?:POINT|LINESTRING|POLYGON)\b", re.IGNORECASE)  # which has no curves in it
_SRID = re.compile(r"\s*SRID\s*=\s*(\d+)\s*;", re.IGNORECASE)
_TYPES = {"POINT": "Point", "LINESTRING": "LineString", "POLYGON": "Polygon"}
UNREADABLE = b"?"  # where a geometry should be: no WKB, which the geometry's reader refuses


@dataclass(frozen=True)
class Found:
    crs: CRS | None
    geometry_type: str


def find(header: Sequence[str], rows: Sequence[Sequence[str]]) -> tuple[str, Found | None]:
    """The column of geometries, by its name and first values. One that is called WKT is believed without any."""
    for index, name in enumerate(header):
        if name.casefold() not in _NAMES:
            continue
        cells = [row[index] for row in rows if index < len(row) and row[index].strip()]
        texts = [match for cell in cells if (match := _TEXT.match(cell))]
        hexes = [cell for cell in cells if _HEX.match(cell)]
        if not texts and not hexes and not (name.casefold() == "wkt" and not cells):
            continue
        types = {_TYPES.get(match["type"].upper().removeprefix("MULTI"), "Unknown") for match in texts}
        types |= {shape.geom_type.removeprefix("Multi") for shape in _from_hex(hexes) if shape is not None}
        srids = {int(match["srid"]) for match in texts if match["srid"]}
        srids |= {shapely.get_srid(shape) for shape in _from_hex(hexes) if shape is not None} - {0}
        return name, Found(_crs(srids), types.pop() if len(types) == 1 else "Unknown")
    return "", None


def read(cells: Sequence[str], crs: CRS | None) -> tuple[pa.Array, list[Problem]]:
    """The cells as WKB. Rows that name another coordinate system than ``crs``, the file's own, are refused."""
    shapes = np.full(len(cells), None, dtype=object)
    closed = np.zeros(len(cells), dtype=bool)
    texts, hexes, srids = [], [], {}
    for index, cell in enumerate(cells):
        if not cell or cell.isspace():
            continue
        if _HEX.match(cell):
            hexes.append(index)
        else:
            if srid := _SRID.match(cell):
                srids[index] = int(srid[1])
                cell = cell[srid.end() :]
            texts.append((index, cell))
    if texts:
        places = [index for index, _ in texts]
        shapes[places], closed[places] = _from_wkt([text for _, text in texts])
    if hexes:
        shapes[hexes] = _from_hex([cells[index].strip() for index in hexes])
        embedded = shapely.get_srid(shapes[hexes])
        srids |= {index: int(srid) for index, srid in zip(hexes, embedded, strict=True) if srid > 0}
    wkb = shapely.to_wkb(shapes)
    for index, text in texts:
        wkb[index] = wkb[index] or _curve(text)
    for index in hexes:
        wkb[index] = wkb[index] or bytes.fromhex(cells[index].strip())
    return pa.array(wkb, pa.binary()), [*_others(srids, len(cells), crs), *unclosed(closed)]


def unclosed(mask: Mask) -> list[Problem]:
    """What is reported of rows of which a ring was closed."""
    return [Problem(mask, "unclosed_ring", lambda _: "a ring was closed", ALTERED)] if mask.any() else []


def _others(srids: dict[int, int], length: int, crs: CRS | None) -> list[Problem]:
    own = crs.to_epsg() if crs else None
    mask = np.zeros(length, dtype=bool)
    mask[[index for index, srid in srids.items() if srid != own]] = True
    if own is None or not mask.any():
        return []
    return [Problem(mask, "other_crs", lambda index: f"its SRID is {srids[index]}, that of the file is {own}")]


def _from_wkt(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The shapes, null where a text is none, or a curve; and of which a ring had to be closed."""
    raw = np.array([None if _is_curve(text) else text for text in texts], dtype=object)
    shapes = shapely.from_wkt(raw, on_invalid="ignore")
    missing = shapely.is_missing(shapes)
    if missing.any():
        shapes[missing] = shapely.from_wkt(raw[missing], on_invalid="fix")
    return shapes, missing & ~shapely.is_missing(shapes)


def _is_curve(text: str) -> bool:
    return not _PLAIN.match(text) and _CURVE.search(text) is not None


def _curve(text: str) -> bytes:
    """By GDAL, for shapely has no curves."""
    if not _is_curve(text):
        return UNREADABLE
    try:
        return bytes(OGRGeometry(text.strip()).wkb)
    except GDALException:
        return UNREADABLE


def _from_hex(texts: Sequence[str]) -> np.ndarray:
    """Null where a text is none, or a curve."""
    try:
        return np.asarray(shapely.from_wkb(np.array(texts, dtype=object), on_invalid="ignore"), dtype=object)
    except (NotImplementedError, shapely.errors.GEOSException):  # one curve stops them all
        if len(texts) == 1:
            return np.array([None], dtype=object)
        middle = len(texts) // 2
        return np.concatenate([_from_hex(texts[:middle]), _from_hex(texts[middle:])])


def _crs(srids: set[int]) -> CRS | None:
    """None where the rows do not agree: then a person must say it."""
    if len(srids) != 1:
        return None
    try:
        return CRS.from_epsg(srids.pop())
    except CRSError:
        return None
