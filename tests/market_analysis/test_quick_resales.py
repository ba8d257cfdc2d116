"""Homes that sold again at half as much more, without a change on record, do not move a county's index."""

from __future__ import annotations

import numpy as np
import pandas as pd

from terrafusion.records.models import County, PropertyOperational, Sale
from tests.market_analysis.conftest import Analyse

_TRUE = 119.0
_HOMES, _FLIPS = 900, 400


def _load(county: County) -> None:
    """Twelve months of one sale of each home; ``_FLIPS`` others sold in the first months and again in the last."""
    random = np.random.default_rng(1)
    homes = _HOMES + _FLIPS
    area = random.lognormal(7.4, 0.3, homes).round()
    log = 5.5 + 0.9 * np.log(area) + random.normal(0, 0.12, homes)
    month = np.concatenate([random.integers(0, 12, _HOMES), random.integers(0, 4, _FLIPS)])
    sales = pd.DataFrame({"home": np.arange(homes), "month": month, "raised": 0.0})
    raised = np.log(1.5) + random.normal(0, 0.03, _FLIPS)
    again = pd.DataFrame({"home": np.arange(_HOMES, homes), "month": random.integers(8, 12, _FLIPS), "raised": raised})
    made = PropertyOperational.objects.bulk_create(
        PropertyOperational(county=county, parcel_number=f"P{home}", living_area_sqft=area[home], year_built=1980)
        for home in range(homes)
    )
    Sale.objects.bulk_create(
        Sale(
            county=county,
            sale_id=str(number),
            parcel_number=f"P{row.home}",
            property=made[row.home],
            sale_date=f"2015-{row.month + 1:02d}-15",
            sale_price=round(np.exp(log[row.home] + np.log(_TRUE / 100) * row.month / 11 + row.raised)),
        )
        for number, row in enumerate(pd.concat([sales, again]).itertuples())
    )


def test_unrecorded_quick_resales_do_not_move_the_index(analyse: Analyse, county: County) -> None:
    _load(county)
    result = analyse("price_index")
    excluded = {one["reason"]: one["sales"] for one in result.summary["screening"]["excluded"]}
    assert excluded == {"resale_jump": 2 * _FLIPS}
    assert result.summary["shown"]["method"] == "hedonic"
    (hedonic,) = (one for one in result.summary["indices"] if one["method"] == "hedonic")
    assert hedonic["period"] == "2015-12"
    assert abs(hedonic["index"] - _TRUE) < 3
    assert hedonic["interval"][0] < _TRUE < hedonic["interval"][1]
    kept = analyse("price_index", parameters={"methods": ["hedonic"], "screening": {"flip_rise": 0}})
    assert kept.summary["indices"][0]["index"] > 130  # what such resales do where they count
