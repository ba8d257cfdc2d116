"""A small county as real ones are: a parcel without a value, one without an outline, names of any script."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib.gis.geos import MultiPolygon, Point, Polygon

from terrafusion.records.models import (
    County,
    PropertyOperational,
    PropertyValueHistory,
    ReferenceFeature,
    ReferenceLayer,
    Sale,
)

WEST, SOUTH, SIZE = -122.3, 47.6, 0.0005
NAMES = (
    "Smith & Sons <b>Ltd</b>",
    "=SUM(A1:A9)",
    "@cmd|' /C calc'!A0",
    '#let x = read("/etc/passwd") $x^2$ *bold* [link]',
    "Иван Петрович Сидоров",
    "محمد علي",
    "王小明",
    "שלום כהן",
    "अनिल कुमार",
    'O\'Neil, "Red"',
    "\U00013000 Ptah",  # a script that no font of ours has
    "bell\x07 and escape\x1b",
    "👩‍🌾 สมชาย 김철수 தமிழ்",
)


def parcel(county: County, number: int, **fields: Any) -> PropertyOperational:
    """A square parcel, in rows of ten; its value is 1,000 dollars times its number and 100,000."""
    x, y = WEST + SIZE * 1.1 * (number % 10), SOUTH + SIZE * 1.1 * (number // 10)
    ring = Polygon(((x, y), (x + SIZE, y), (x + SIZE, y + SIZE), (x, y + SIZE), (x, y)), srid=4326)
    values = {
        "parcel_number": f"{number:04}",
        "situs_address": f"{number} Main Street",
        "situs_city": "Seattle",
        "owner_name": NAMES[number % len(NAMES)],
        "mailing_address": f"{number} Mail Street",
        "mailing_city": "Elsewhere",
        "mailing_state": "WA",
        "mailing_postal_code": f"98{number % 3}01",
        "property_class": "Residential" if number % 3 else "Commercial",
        "use_code": "sfr",
        "neighborhood": str(7 + number % 4),
        "lot_area_sqft": 5000.0 + number,
        "living_area_sqft": 1200.0 + 10 * number,
        "year_built": 1950 + number % 60,
        "quality": "7",
        "land_value": 40_000 + 400 * number,
        "improvement_value": 60_000 + 600 * number,
        "total_value": 100_000 + 1_000 * number,
        "exemptions": 5_000 if number % 5 == 0 else None,
        "tax_year": 2026,
        "geometry": MultiPolygon(ring, srid=4326),
        "point": Point(x + SIZE / 2, y + SIZE / 2, srid=4326),
    }
    return PropertyOperational(county=county, **{**values, **fields})


def load(county: County, parcels: int = 24) -> None:
    """Parcels with sales, last year's values, and two districts side by side. Parcel 2 has no value, 3 no outline."""
    made = [parcel(county, number) for number in range(parcels)]
    for bare in (made[2:3], made[3:4]):
        for one in bare:
            if one.parcel_number == "0002":
                one.land_value = one.improvement_value = one.total_value = one.exemptions = None
            else:
                one.geometry = one.point = None
    made = PropertyOperational.objects.bulk_create(made)
    PropertyValueHistory.objects.bulk_create(
        PropertyValueHistory(
            county=county,
            property=one,
            tax_year=2025,
            effective_date=datetime.date(2025, 1, 1),
            land_value=one.land_value and one.land_value - 1_000,
            improvement_value=one.improvement_value and one.improvement_value - 2_000,
            total_value=one.total_value and one.total_value - 3_000,
            exemptions=one.exemptions,
        )
        for one in made
    )
    Sale.objects.bulk_create(
        Sale(
            county=county,
            sale_id=f"S{number}",
            parcel_number=one.parcel_number,
            property=one,
            sale_date=datetime.date(2025, 1 + number % 12, 15),
            sale_price=int((one.total_value or 100_000) * (0.9 + 0.02 * (number % 11))),
            point=one.point,
        )
        for number, one in enumerate(made)
    )
    layer = ReferenceLayer.objects.create(
        county=county,
        name="school_districts",
        title="School districts",
        geometry_type="MultiPolygon",
        field_schema=[{"name": "called", "type": "text"}],
    )
    middle = WEST + SIZE * 5.5
    for key, name, (left, right) in (
        ("1", "West <i>district</i>", (WEST - 1, middle)),
        ("2", "East", (middle, WEST + SIZE * 9)),
    ):
        box = Polygon.from_bbox((left, SOUTH - 1, right, SOUTH + 1))
        ReferenceFeature.objects.create(
            county=county,
            layer=layer,
            feature_key=key,
            attributes={"called": name},
            geometry=MultiPolygon(box, srid=4326),
        )
