"""The demonstration county of the pages, small and made of what the tests of valuation know; and the files that the
pages load."""

from __future__ import annotations

import re
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import geopandas
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.db import connection
from django.db.models import F
from shapely.geometry import box

from terrafusion.records.models import County, PropertyOperational, ReferenceFeature, ReferenceLayer, Sale
from tests.conftest import ROOT, MakeUser, Role
from tests.valuation import data

HOMES, SALES, MONTHS = 160, 1_000, 108
PARCEL = "0001800010"
WEST, SOUTH = -122.36, 47.60
_PLACES = (("propertyoperational", "geometry"), ("propertyoperational", "point"), ("sale", "point"))
_SPREAD = (
    f"ST_Translate(ST_Scale(ST_Translate({{}}, {-data.WEST}, {-data.SOUTH}), 3, 3), {WEST}, {SOUTH})"  # enough hexagons
)


def king(make_user: MakeUser) -> Any:
    """KING with homes, sales from 2009 to 2017, and neighborhoods; the user demo is its assessor."""
    county = County.objects.create(id="KING", name="King County", fips="53033", state="WA", state_plane_srid=2926)
    data.sales(county, data.homes(county, HOMES), SALES, months=MONTHS)
    Sale.objects.update(sale_date=F("sale_date") - timedelta(days=11 * 365 + 3))
    with connection.cursor() as cursor:
        for table, column in _PLACES:
            cursor.execute(f"UPDATE records_{table} SET {column} = {_SPREAD.format(column)}")
    parcels = PropertyOperational.objects.filter(county=county)
    for name, code in zip(data.NEIGHBORHOODS, ("17", "12"), strict=True):
        parcels.filter(neighborhood=name).update(neighborhood=code)
    parcels.filter(parcel_number="0000").update(parcel_number=PARCEL)
    parcels.filter(parcel_number__startswith="001").update(living_area_sqft=4_500)
    layer = ReferenceLayer.objects.create(
        county=county,
        name="neighborhoods",
        geometry_type="MultiPolygon",
        field_schema=[{"name": "area", "type": "text"}],
    )
    for place, code in enumerate(("17", "12")):
        west = WEST + 0.03 * place
        outline = Polygon.from_bbox((west, SOUTH, west + 0.03, SOUTH + 0.03))
        ReferenceFeature.objects.create(
            county=county,
            layer=layer,
            feature_key=code,
            attributes={"area": code},
            geometry=MultiPolygon(outline, srid=4326),
        )
    make_user("ann", Role.ANALYST, county)
    return make_user("demo", Role.ASSESSOR, county)


def files(folder: Path) -> None:
    """What the pages load: parcels, a mapping of theirs, zoning, an area to upload, and the demo's password."""
    shapes = [box(WEST + 0.01 * n, SOUTH, WEST + 0.01 * n + 0.005, SOUTH + 0.005) for n in range(3)]
    columns = {
        "PIN": ["1", "2", "3"],
        "ADDR": ["1 Main St", "2 Main St", "3 Main St"],
        "OWNER": ["A", "B", "C"],
        "ACRES": [0.2, 0.3, 0.0],
        "YRBLT": [1950, 1960, 1970],
        "LANDVAL": [100, 200, 300],
        "IMPVAL": [100, 200, 300],
        "TOTVAL": [200, 400, 600],
    }
    parcels = geopandas.GeoDataFrame(columns, geometry=shapes, crs=4326)
    parcels.to_file(folder / "parcels.gpkg")
    _zipped(parcels, folder / "roll_2024.zip")
    zones = geopandas.GeoDataFrame({"ZONE_ID": ["1"], "ZONE": ["R"]}, geometry=shapes[:1], crs=4326)
    zones.to_file(folder / "zoning.shp")
    _zipped(zones, folder / "flood.zip")
    for mapping, page in (("parcels", "tutorials/own-county"), ("roll_2024", "user/loading")):
        text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
        (folder / f"{mapping}.toml").write_text(re.findall(r"```toml\n(.*?)```", text, re.DOTALL)[0])
    (folder / "build" / "demo").mkdir(parents=True)
    (folder / "build" / "demo" / "password").write_text("secret-of-tests")


def _zipped(frame: geopandas.GeoDataFrame, path: Path) -> None:
    """As a Shapefile in a zip."""
    folder = path.with_suffix("")
    folder.mkdir()
    frame.to_file(folder / f"{path.stem}.shp")
    shutil.make_archive(str(folder), "zip", folder)
    shutil.rmtree(folder)
