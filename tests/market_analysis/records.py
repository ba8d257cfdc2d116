"""The made-up market as records of a county: parcels in four neighborhoods, their sales, and unsound ones."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from django.contrib.gis.geos import MultiPolygon, Point, Polygon

from terrafusion.records.models import County, PropertyOperational, ReferenceFeature, ReferenceLayer, Sale
from tests.market_analysis import data

SOUND, EXCLUDED = 480, 3


def load(county: County, months: int = 24, sales: int = 20) -> None:
    """``SOUND`` sales of the years 2012 and 2013 and ``EXCLUDED`` others; a layer ``districts`` of two halves."""
    frame = _resold(data.market(months, sales).assign(parcel_number=[f"P{n}" for n in range(months * sales)]))
    parcels = frame.drop_duplicates("parcel_number")
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


_APART = 201  # sales, so that none of them is itself the later one of a pair


def _resold(frame: pd.DataFrame) -> pd.DataFrame:
    """Every fourth sale is one of a parcel that was sold before, at what the market made of that price."""
    later = np.flatnonzero(np.arange(len(frame)) % 4 == 3)
    later = later[later >= _APART]
    months = (frame["sale_date"] - pd.Timestamp(2012, 1, 1)).dt.days.to_numpy() / 30.4375
    grown = np.exp(data.level(months[later]) - data.level(months[later - _APART]))
    noise = np.random.default_rng(2).lognormal(0, 0.03, len(later))
    frame = frame.copy()
    kept = [name for name in frame.columns if name not in ("sale", "sale_date")]
    frame.loc[later, kept] = frame.loc[later - _APART, kept].to_numpy()
    frame.loc[later, "sale_price"] = (frame["sale_price"].to_numpy()[later - _APART] * grown * noise).round()
    return frame
