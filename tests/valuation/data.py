"""A small county whose homes have a known worth, with sales, for runs that take a second."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
from django.contrib.gis.geos import MultiPolygon, Point, Polygon
from django.db.models.functions import Now

from terrafusion.jobs.states import Status
from terrafusion.records.models import County, PropertyOperational, Sale
from valuation.models import PropertyValuation, ValuationJob

WEST, SOUTH = -122.30, 47.60
NEIGHBORHOODS = ("North", "South")
FIRST_DAY = datetime.date(2020, 1, 1)
VALUATION_DATE = datetime.date(2022, 1, 1)


def place(number: int) -> tuple[float, float]:
    """Of a parcel: a grid of 20 columns."""
    return WEST + 0.001 * (number % 20), SOUTH + 0.001 * (number // 20)


def homes(county: County, count: int, seed: int = 1) -> list[PropertyOperational]:
    """Homes of some 200,000 to 600,000 dollars; those numbered even lie in the North, which is a fifth dearer."""
    random = np.random.default_rng(seed)
    area = random.integers(900, 3000, count)
    made = []
    for number in range(count):
        x, y = place(number)
        ring = [(x, y), (x, y + 0.0008), (x + 0.0008, y + 0.0008), (x + 0.0008, y), (x, y)]
        made.append(
            PropertyOperational(
                county=county,
                parcel_number=f"{number:04d}",
                situs_address=f"{number} Main St",
                owner_name="SECRETOWNER",
                property_class="Residential",
                use_code="sfr",
                neighborhood=NEIGHBORHOODS[number % 2],
                lot_area_sqft=float(4000 + 10 * (number % 300)),
                living_area_sqft=float(area[number]),
                year_built=1950 + number % 60,
                quality=str(7 + number % 3),
                bedrooms=2 + number % 3,
                bathrooms=1.0 + number % 2,
                total_value=int(worth(float(area[number]), number)),
                geometry=MultiPolygon(Polygon(ring), srid=4326),
                point=Point(x + 0.0004, y + 0.0004, srid=4326),
            )
        )
    return PropertyOperational.objects.bulk_create(made)


def worth(area: float, number: int, months: float = 0.0) -> float:
    """What a home is worth so many months after the first day: the market rises half a percent a month."""
    return float((100_000 + 150 * area) * (1.2 if number % 2 == 0 else 1.0) * 1.005**months)


def sales(
    county: County,
    parcels: list[PropertyOperational],
    count: int,
    months: int = 24,
    seed: int = 2,
    noise: float = 0.08,
) -> None:
    """Sales at their worth, give or take ``noise`` (in logs), spread over so many months."""
    random = np.random.default_rng(seed)
    made = []
    for number in range(count):
        at = int(random.integers(len(parcels)))
        parcel = parcels[at]
        day = FIRST_DAY + datetime.timedelta(days=int(number * months * 30.4 / count))
        elapsed = (day - FIRST_DAY).days / 30.4
        scatter = float(np.exp(random.normal(0, noise)))
        made.append(
            Sale(
                county=county,
                sale_id=f"S{number:05d}",
                parcel_number=parcel.parcel_number,
                property=parcel,
                sale_date=day,
                sale_price=int(worth(parcel.living_area_sqft or 0, at, elapsed) * scatter),
                point=parcel.point,
            )
        )
    Sale.objects.bulk_create(made)


def run_of(county: County, user: Any = None, **columns: Any) -> ValuationJob:
    """A completed run, without its work."""
    made: ValuationJob = ValuationJob.objects.create(
        **{
            "county": county,
            "valuation_method": "mass_appraisal",
            "valuation_date": VALUATION_DATE,
            "scope": "all",
            "resolved": {"confidence": 0.9},
            "status": Status.COMPLETED,
            "completed_at": Now(),
            "submitted_by": user,
            **columns,
        }
    )
    made.refresh_from_db()
    return made


def proposed(job: ValuationJob, parcel: PropertyOperational, **columns: Any) -> PropertyValuation:
    """A value of a run, with an interval of some 10% round it."""
    value = columns.get("value", 300_000) or 0
    return PropertyValuation.objects.create(
        **{
            "county_id": job.county_id,
            "job": job,
            "property": parcel,
            "parcel_number": parcel.parcel_number,
            "property_class": parcel.property_class,
            "neighborhood": parcel.neighborhood,
            "value": value,
            "value_low": value * 9 // 10,
            "value_high": value * 11 // 10,
            "land_value": min(value, 100_000),
            "improvement_value": value - min(value, 100_000),
            "previous_value": parcel.total_value,
            **columns,
        }
    )


def random_sales(count: int, seed: int = 0) -> tuple[Any, Any]:
    """Values and prices of a market without bias, 5 % below it."""
    random = np.random.default_rng(seed)
    price = np.exp(random.normal(12.5, 0.5, count))
    return price * np.exp(random.normal(-0.05, 0.15, count)), price
