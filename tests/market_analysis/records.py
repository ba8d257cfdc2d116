"""The made-up market as records of a county: parcels in four neighborhoods, their sales, and unsound ones."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.gis.geos import MultiPolygon, Point, Polygon

from terrafusion.records.models import County, PropertyOperational, ReferenceFeature, ReferenceLayer, Sale
from tests.market_analysis import data

SOUND, EXCLUDED = 480, 3


def load(county: County, months: int = 24, sales: int = 20) -> None:
    """``SOUND`` sales of the years 2012 and 2013 and ``EXCLUDED`` others; a layer ``districts`` of two halves."""
    frame = data.market(months, sales)
    parcels = frame.drop_duplicates("parcel_number", keep="last")
    made = PropertyOperational.objects.bulk_create(
        PropertyOperational(
            county=county,
            parcel_number=row.parcel_number,
            neighborhood=row.neighborhood,
            property_class="R" if row.neighborhood != "N3" else "C",
            living_area_sqft=row.living_area_sqft,
            year_built=int(row.year_built),
            total_value=int(row.sale_price * 0.9),
            point=Point(row.longitude, row.latitude, srid=4326),
            geometry=MultiPolygon(
                Polygon.from_bbox((row.longitude, row.latitude, row.longitude + 1e-4, row.latitude + 1e-4))
            ),
        )
        for row in parcels.itertuples()
    )
    by_number = {parcel.parcel_number: parcel for parcel in made}
    Sale.objects.bulk_create(
        Sale(
            county=county,
            sale_id=str(row.sale),
            parcel_number=row.parcel_number,
            property=by_number[row.parcel_number],
            sale_date=row.sale_date.date(),
            sale_price=int(row.sale_price),
            point=by_number[row.parcel_number].point,
        )
        for row in frame.itertuples()
    )
    first = made[0]
    odd: list[dict[str, Any]] = [
        {"sale_price": 1},
        {"deed_code": "QCD"},
        {"multi_parcel": True, "sale_price": 900_000},
    ]
    for number, more in enumerate(odd):
        Sale.objects.create(
            **{
                "county": county,
                "sale_id": f"odd {number}",
                "parcel_number": first.parcel_number,
                "property": first,
                "sale_date": date(2013, 6, 1),
                "sale_price": 250_000,
                **more,
            }
        )
    layer = ReferenceLayer.objects.create(
        county=county,
        name="districts",
        title="Districts",
        geometry_type="MultiPolygon",
        field_schema=[{"name": "code", "type": "text"}],
    )
    for key, west, east in (("west", -122.001, -121.981), ("east", -121.981, -121.9)):
        ReferenceFeature.objects.create(
            county=county,
            layer=layer,
            feature_key=key,
            attributes={"code": key[0].upper()},
            geometry=MultiPolygon(Polygon.from_bbox((west, 46.9, east, 47.1)), srid=4326),
        )
