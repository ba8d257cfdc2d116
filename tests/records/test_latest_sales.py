"""The latest sound sale of each parcel by SQL, against the screening of data frames."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection

from terrafusion.records.models import County, PropertyOperational, Sale
from terrafusion.records.sales import frame
from terrafusion.records.sales.latest import latest
from terrafusion.records.sales.rules import Rules
from terrafusion.records.sales.screening import screen

RULES: list[dict[str, Any]] = [
    {},
    {"outlier_iqr": 0, "flip_days": 0},
    {"outlier_iqr": 0.5},
    {"valid_codes": ["1", " q "], "multi_parcel": True},
    {"invalid_codes": ["U"], "min_price": 0, "max_price": 400_000, "excluded_deeds": []},
    {"flip_days": 3660, "min_price": 100_000},
    {"flip_days": 3660, "flip_rise": 0.1, "outlier_iqr": 0},
    {"flip_days": 730, "flip_rise": 0},
]
AS_OF = date(2022, 6, 30)


@pytest.fixture
def market(db: None, county: County, other_county: County) -> County:
    """Some 1,500 sales of 250 parcels, with every fault that the rules look for."""
    random = np.random.default_rng(7)
    parcels = PropertyOperational.objects.bulk_create(
        PropertyOperational(
            county=county,
            parcel_number=f"{i:04}",
            property_class=["R", "C", ""][i % 3],
            living_area_sqft=None if i % 11 == 0 else 0 if i % 29 == 0 else float(random.integers(800, 3000)),
            year_built=None if i % 7 == 0 else int(random.integers(1950, 2022)),
            effective_year_built=int(random.integers(2005, 2022)) if i % 5 == 0 else None,
        )
        for i in range(250)
    )
    sales = []
    for i in range(1500):
        parcel = parcels[int(random.integers(250))]
        day = date(2015, 1, 1) + timedelta(days=int(random.integers(3000)))
        size = parcel.living_area_sqft or 1500
        price = (
            int(size * random.lognormal(5, 0.4)) if random.random() > 0.05 else int(random.choice([0, 5000, 9_000_000]))
        )
        sales.append(
            Sale(
                county=county,
                sale_id=str(i),
                parcel_number=parcel.parcel_number,
                property=None if i % 50 == 0 else parcel,
                sale_date=day,
                sale_price=price,
                deed_code=str(random.choice(["WD", "wd ", " qcd", "Gift", ""])),
                validity_code=str(random.choice(["1", "Q", " u", ""])),
                multi_parcel=bool(random.random() < 0.05),
            )
        )
        if i % 20 == 0:  # recorded twice
            twin = sales[-1]
            sales.append(Sale(county=county, sale_id=f"{i}b", **{n: getattr(twin, n) for n in _COPIED}))
    Sale.objects.bulk_create(sales)
    Sale.objects.create(
        county=other_county, sale_id="1", parcel_number="0000", property=parcels[0], sale_date=AS_OF, sale_price=300_000
    )
    return county


_COPIED = ("parcel_number", "property", "sale_date", "sale_price", "deed_code", "validity_code", "multi_parcel")


@pytest.mark.parametrize("given", RULES, ids=[str(i) for i in range(len(RULES))])
def test_both_ways_give_the_same_sales(market: County, given: dict[str, Any]) -> None:
    rules = Rules.parse(given)
    sales = frame.read(frame.SalesQuery(market.pk))
    kept = screen(sales, rules, AS_OF).kept.sort_values(["sale_date", "sale"], kind="stable")
    linked = set(Sale.objects.exclude(property=None).values_list("pk", flat=True))
    wanted = kept[kept["sale"].isin(linked)].groupby("parcel_number", observed=True)["sale"].last()
    with connection.cursor() as cursor:
        cursor.execute(latest(market.pk, rules, AS_OF))
        rows = {row[0]: row[1:] for row in cursor.fetchall()}
    by_id = Sale.objects.in_bulk(list(wanted))
    assert 50 < len(wanted) < 250
    assert {
        sale.property_id: (sale.sale_id, sale.sale_date, sale.sale_price, sale.deed_code) for sale in by_id.values()
    } == rows
