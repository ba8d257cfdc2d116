"""A sale's validity is the county's: it does not depend on the area, the class or the period that is asked for."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import shapely
from django.contrib.gis.geos import Polygon

from market_analysis import sales as market_sales
from market_analysis.catalogue import ANALYSES
from market_analysis.geography import parse
from market_analysis.request import MarketRequest, Period
from terrafusion.areas.area import plain
from terrafusion.records.models import County, Sale
from terrafusion.records.sales.rules import Rules


def test_areas_classes_and_periods_keep_the_sales_that_the_county_keeps(market_county: County) -> None:
    """One street is twice as expensive and more alike: screened by itself, some of its sales would be outliers."""
    random = np.random.default_rng(5)
    for sale in Sale.objects.filter(county=market_county, property__point__contained=_BOX):
        sale.sale_price = int(sale.sale_price * random.choice([0.5, 1, 1, 1, 1, 1, 1, 1.9]))
        sale.save(update_fields=["sale_price"])
    whole = _reasons(market_county)
    inside = set(
        Sale.objects.filter(county=market_county, property__point__contained=_BOX).values_list(
            "sale_date", "sale_price"
        )
    )
    part = _reasons(market_county, area=_BOX)
    assert 20 < len(part) < len(whole)
    assert part == [row for row in whole if (row[0].date(), row[1]) in inside]
    spring = _reasons(market_county, start=date(2012, 3, 10), end=date(2012, 6, 20))
    assert spring == [row for row in whole if date(2012, 3, 10) <= row[0].date() <= date(2012, 6, 20)]
    shops = _reasons(market_county, classes=["C"])
    assert 0 < len(shops) < len(whole)
    assert set(shops) <= set(whole)


_BOX = Polygon.from_bbox((-122.001, 46.9, -121.981, 47.01))
_BOX.srid = 4326


def _reasons(
    county: County,
    area: Polygon | None = None,
    start: date | None = None,
    end: date | None = None,
    classes: list[str] | None = None,
) -> list[tuple[pd.Timestamp, int, str]]:
    request = MarketRequest(
        county=county,
        analysis=ANALYSES["price_trend"],
        geography=parse("county", county, personal=False),
        period=Period(start, end, "month"),
        property_classes=classes or [],
        area=plain(shapely.from_wkb(bytes(area.wkb))) if area else None,
        values={},
        rules=Rules(outlier_iqr=1.0, min_price=0),
        as_of=date(2020, 1, 1),
    )
    read = market_sales.market(request, lambda: None, lambda done, message: None).read
    return sorted(zip(read["sale_date"], read["sale_price"], read["reason"].astype(str), strict=True))
