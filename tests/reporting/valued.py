"""A finished valuation run, written straight into the tables: what reports read of one."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models.functions import Now

from terrafusion.jobs.states import Status
from terrafusion.records.models import County, PropertyOperational, Sale
from valuation.models import PropertyValuation, ValuationJob

DAY = datetime.date(2026, 1, 1)


def run(county: County, day: datetime.date = DAY, max_parcels: int | None = None, **more: Any) -> ValuationJob:
    """A completed run of the county's first parcels with a value where there is a living area, every 40th refused."""
    job: ValuationJob = ValuationJob.objects.create(
        county=county,
        valuation_method="mass_appraisal",
        valuation_date=day,
        scope="all",
        resolved={"confidence": 0.9},
        status=Status.COMPLETED,
        completed_at=Now(),
        result_summary={
            "adjustment_sources": {"living_area_sqft": "From the model's effect of living area."},
            "evaluation": {
                "coverage": 0.894,
                "overall": {
                    "sales": 412,
                    "measures": {
                        "median": {"value": 0.998, "met": True},
                        "cod": {"value": 12.7, "met": True},
                        "prd": {"value": 1.013, "met": True},
                        "prb": {"value": -0.012, "met": True},
                    },
                },
            },
            "flags": [{"code": "thin_data", "meaning": "Few sales nearby.", "parcels": 3}],
            "notes": ["An example run."],
        },
        **more,
    )
    sales = list(Sale.objects.filter(county=county, sale_date__lt=day).order_by("-sale_date", "pk")[:50])
    parcels = PropertyOperational.objects.filter(county=county).defer("geometry", "point").order_by("pk")[:max_parcels]
    batch = []
    for number, parcel in enumerate(parcels.iterator(chunk_size=2_000)):
        batch.append(_valuation(job, parcel, number, sales))
        if len(batch) == 2_000:
            PropertyValuation.objects.bulk_create(batch)
            batch = []
    PropertyValuation.objects.bulk_create(batch)
    return job


def _valuation(job: ValuationJob, parcel: PropertyOperational, number: int, sales: list[Sale]) -> PropertyValuation:
    common: dict[str, Any] = {
        "county_id": job.county_id,
        "job": job,
        "property": parcel,
        "parcel_number": parcel.parcel_number,
        "property_class": parcel.property_class,
        "neighborhood": parcel.neighborhood,
        "previous_value": parcel.total_value,
    }
    size = parcel.living_area_sqft
    if not size or number % 40 == 39:
        return PropertyValuation(**common, flags=["no_living_area"])
    value = round((50_000 + 220 * size + 17 * (number % 500)) / 1000) * 1000
    shown = [sales[(number + step) % len(sales)] for step in range(5)] if sales else []
    return PropertyValuation(
        **common,
        value=value,
        value_low=round(value * 0.88),
        value_high=round(value * 1.13),
        land_value=value * 2 // 5,
        improvement_value=value - value * 2 // 5,
        approaches=[
            {
                "approach": "mass_appraisal",
                "value": value,
                "low": value - 40_000,
                "high": value + 45_000,
                "weight": 0.7,
            },
            {"approach": "sales_comparison", "value": value - 4_000, "weight": 0.3},
            {"approach": "income", "refused": "no_schedule"},
        ],
        comparables=[_comparable(rank, sale, size, value) for rank, sale in enumerate(shown, 1)],
        reasons={"base": 300_000, "living_area_sqft": value - 320_000, "location": 25_000, "time": -5_000},
        flags=["thin_data"] if number % 25 == 0 else [],
        tax_year=2026,
    )


def _comparable(rank: int, sale: Sale, size: float, value: int) -> dict[str, Any]:
    adjusted = value + 1_000 * (rank - 3)
    at_date = round(sale.sale_price * 1.04)
    return {
        "rank": rank,
        "sale": sale.pk,
        "parcel_number": sale.parcel_number,
        "sale_date": sale.sale_date.isoformat(),
        "sale_price": sale.sale_price,
        "distance_m": 120.0 * rank,
        "similarity": 97 - rank,
        "time_factor": 1.04,
        "time_adjusted_price": at_date,
        "adjustments": {
            "living_area_sqft": [size, size + 40 * rank, (adjusted - at_date) // 2],
            "quality": ["7", "8", adjusted - at_date - (adjusted - at_date) // 2],
        },
        "net_adjustment": adjusted - at_date,
        "gross_adjustment": abs(adjusted - at_date),
        "adjusted_price": adjusted,
        "weight": 0.2,
    }
