"""What is loaded in a CRS comes out of an export in that CRS where it was, by the operation that is named."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from django.db import connection
from pyproj import CRS
from pyproj.database import query_crs_info
from pyproj.enums import PJType
from pyproj.exceptions import CRSError

from gis_export.selection import LayerSelection
from terrafusion.operations import common_area, meters, operations, samples
from terrafusion.records import transformations
from terrafusion.records.layers import layers_named
from terrafusion.records.models import County, LayerTransformation
from tests.records.loading.files import known, load, write

pytestmark = pytest.mark.django_db
_DIFFERENT = (2204, 3563, 4401, 6622, 6966, 24200, 26703, 26710, 27200)  # PROJ and PostGIS chose differently
_EVERY_DAY = (2926, 3338, 26910, 3857, 2249)
_LOADED = (2926, 3338, 26710, 27200)


def _sample() -> list[int]:
    """Of the CRSs that PROJ and PostGIS both have, those above and each 50th; ``CRS_EVERY=1`` takes all."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT srid FROM spatial_ref_sys WHERE auth_name = 'EPSG'")
        there = {srid for (srid,) in cursor.fetchall()}
    codes = sorted(there & {int(info.code) for info in query_crs_info("EPSG", PJType.PROJECTED_CRS)})
    return sorted({*_DIFFERENT, *_EVERY_DAY, *codes[:: int(os.environ.get("CRS_EVERY", "50"))]})


def _points(code: int) -> Any:
    """Coordinates in the CRS, of places inside its area."""
    crs = CRS.from_epsg(code)
    area = known(common_area((crs,)))
    points = np.column_stack(operations(crs, area)[0].from_wgs84(*samples(area)))
    return points[np.isfinite(points).all(axis=1)]


def _exported(county: County, layer: str, srid: int) -> Any:
    plan = LayerSelection(county, layers_named(county, [layer])[layer], (), srid=srid).plan()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT ST_AsBinary(g), ST_SRID(g) FROM ({plan.sql}) AS rows ORDER BY k")
        shapes, srids = zip(*cursor.fetchall(), strict=True)
    assert set(srids) == {srid}
    return shapely.get_coordinates(shapely.from_wkb([bytes(shape) for shape in shapes]))


def _registered() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM spatial_ref_sys")
        (count,) = cursor.fetchone()
    return int(count)


def test_coordinates_come_back_within_a_millimeter(king: County, tmp_path: Path) -> None:
    far = {}
    for code in _LOADED:
        king.state_plane_srid = code
        king.save()
        points = _points(code)
        numbers = {"n": range(len(points))}
        path = write(tmp_path / f"x{code}.gpkg", numbers, shapely.points(points), f"EPSG:{code}", "Point")
        report = load(king, "places", path)
        assert report["refused"] == {}, code
        assert report["transformation"]["name"], code
        off = np.hypot(*(_exported(king, "places", code) - points).T).max() * meters(CRS.from_epsg(code))
        if off > 1e-3:
            far[code] = off
    assert far == {}


def test_each_crs_comes_back_within_a_millimeter_or_the_load_says_so(king: County) -> None:
    """By the operation that a load chooses, and through the CRS in which an export transforms."""
    codes, far, noted = _sample(), {}, []
    for code in codes:
        crs = CRS.from_epsg(code)
        try:
            choice, points = transformations.choose(crs, common_area((crs,))), _points(code)
        except CRSError:  # a load refuses its file
            noted.append(code)
            continue
        transformations.record(king, "places", choice)
        srid, _ = transformations.back(king, "places", code)
        lon, lat = choice.operation.to_wgs84(*points.T)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT ST_X(p), ST_Y(p) FROM unnest(%s::float8[], %s::float8[]) WITH ORDINALITY AS t(x, y, n), "
                "ST_Transform(ST_SetSRID(ST_MakePoint(x, y), 4326), %s::integer) AS p ORDER BY n",
                [list(lon), list(lat), srid],
            )
            off = float(np.hypot(*(np.array(cursor.fetchall()) - points).T).max() * meters(crs))
        if choice.note:
            noted.append(code)
        elif not off <= 1e-3:
            far[code] = off
    assert far == {}
    assert len(noted) <= len(codes) // 100, noted  # datums between which the database has no such operation


def test_a_dry_run_registers_nothing(king: County, tmp_path: Path) -> None:
    king.state_plane_srid = 26710  # a zone in which PostGIS chooses by itself
    king.save()
    points = shapely.points([(550_000, 5_270_000), (551_000, 5_271_000)])
    path = write(tmp_path / "old.gpkg", {"n": range(2)}, points, "EPSG:26710", "Point")
    with connection.cursor() as cursor:  # of tests that commit
        cursor.execute("DELETE FROM spatial_ref_sys WHERE srid >= 920000")
    before = _registered()
    load(king, "places", path, dry_run=True)
    assert (_registered(), LayerTransformation.objects.count()) == (before, 0)
    load(king, "places", path)
    assert (_registered(), LayerTransformation.objects.count()) == (before + 1, 1)
