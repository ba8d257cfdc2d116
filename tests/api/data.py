"""Two counties with a little of everything, and users with rights to them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.contrib.gis.geos import MultiPolygon, Point, Polygon
from rest_framework.test import APIClient

from terrafusion.records.models import (
    County,
    CountyAccess,
    CountySettings,
    PropertyOperational,
    PropertyValueHistory,
    ReferenceFeature,
    ReferenceLayer,
    Sale,
)

PERSONAL = ["SECRETOWNER", "SECRETSTREET", "SECRETTOWN", "SECRETPHONE", "SECRETNOTE"]
"""Texts that are in the personal fields of every record, and must be in no response."""


@dataclass(frozen=True)
class CountyData:
    county: County
    parcels: list[PropertyOperational]
    sales: list[Sale]
    layer: ReferenceLayer


def square(west: float, south: float, size: float = 0.001) -> MultiPolygon:
    """Clockwise, as many a Shapefile has it."""
    east, north = west + size, south + size
    ring = [(west, south), (west, north), (east, north), (east, south), (west, south)]
    return MultiPolygon(Polygon(ring), srid=4326)


def parcel(county: County, number: int, **values: Any) -> PropertyOperational:
    """Parcel ``number`` lies ``number`` hundredths of a degree east of 122 W, 47 N."""
    west = -122 + number / 100
    return PropertyOperational.objects.create(
        county=county,
        parcel_number=f"{number:06d}",
        **{
            "situs_address": f"{number} Main St",
            "owner_name": "SECRETOWNER",
            "mailing_address": "SECRETSTREET",
            "mailing_city": "SECRETTOWN",
            "neighborhood": f"N{number % 2}",
            "use_code": "101",
            "zoning": "R-1",
            "lot_area_sqft": 5000.0 + number,
            "year_built": 1950 + number,
            "total_value": 100_000 * number,
            "geometry": square(west, 47),
            "point": Point(west + 0.0005, 47.0005, srid=4326),
            **values,
        },
    )


def make_county(county_id: str, rows: int = 3) -> CountyData:
    county = County.objects.create(
        id=county_id, name=county_id.title(), state="WA", fips="53033", state_plane_srid=2926
    )
    CountySettings.objects.create(county=county, allowed_formats=["GeoJSON"], default_crs=4326)
    parcels = [parcel(county, number) for number in range(1, rows + 1)]
    for item in parcels:
        for year in (2023, 2024):
            PropertyValueHistory.objects.create(
                county=county,
                property=item,
                tax_year=year,
                effective_date=datetime.date(year, 1, 1),
                total_value=1000 * year,
            )
    sales = [sale(item, number) for number, item in enumerate(parcels, 1)]
    layer = ReferenceLayer.objects.create(
        county=county,
        name="zoning",
        title="Zoning",
        geometry_type="MultiPolygon",
        field_schema=[
            {"name": "ZCODE", "type": "text", "width": 10, "description": "Code"},
            {"name": "FAR", "type": "real"},
            {"name": "STORIES", "type": "integer"},
            {"name": "OVERLAY", "type": "boolean"},
            {"name": "SINCE", "type": "date"},
            {"name": "PHONE", "type": "text", "personal": True},
        ],
    )
    for number in range(1, rows + 1):
        feature(layer, number)
    return CountyData(county, parcels, sales, layer)


def sale(item: PropertyOperational, number: int) -> Sale:
    return Sale.objects.create(
        county=item.county,
        sale_id=f"S{number}",
        parcel_number=item.parcel_number,
        property=item,
        sale_date=datetime.date(2020, 1, number % 28 + 1),
        sale_price=100_000 * number,
        point=item.point,
    )


def feature(layer: ReferenceLayer, number: int) -> ReferenceFeature:
    return ReferenceFeature.objects.create(
        county=layer.county,
        layer=layer,
        feature_key=f"Z{number}",
        attributes={
            "ZCODE": f"C-{number}",
            "FAR": number / 2,
            "STORIES": number,
            "OVERLAY": number == 1,
            "SINCE": f"2001-01-0{number % 9 + 1}",
            "PHONE": "SECRETPHONE",
            "UNDECLARED": "SECRETNOTE",
        },
        geometry=square(-122 + number / 100, 47),
    )


def client_of(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def member(county: County, name: str = "ann", **access: Any) -> User:
    user, _ = User.objects.get_or_create(username=name)
    CountyAccess.objects.create(user=user, county=county, **access)
    return user
