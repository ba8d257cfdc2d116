"""What a run prints about itself comes from sales that nothing of it has seen, and is true of later ones."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.contrib.gis.geos import Point
from django.urls import reverse
from rest_framework.test import APIClient

from terrafusion import env
from terrafusion.jobs import runner
from terrafusion.jobs.states import Status
from terrafusion.records.models import County, PropertyOperational, Sale
from tests.conftest import ROOT
from tests.valuation import data
from valuation.models import EvaluationSale, ValuationJob

SEATTLE = (
    Path(env.text("TERRAFUSION_SHARED_DATA", str(ROOT.parent / "shared" / "data")))
    / "seattle_wa_sales_2010_2016.csv.gz"
)
MEASURES = ("median", "cod", "prd", "prb", "mki")
EVERY_SALE = {"outlier_iqr": 0, "flip_days": 0}


def ran(api: APIClient, county: County, method: str, day: datetime.date, **parameters: Any) -> ValuationJob:
    body = {
        "valuation_method": method,
        "county_id": county.pk,
        "valuation_date": str(day),
        "scope": "all",
        "parameters": parameters,
    }
    response = api.post(reverse("valuation:run"), body, format="json")
    assert response.status_code == 202, response.content
    runner.run("valuation.ValuationJob", response.data["job_id"])
    job: ValuationJob = ValuationJob.objects.get(pk=response.data["job_id"])
    assert job.status == Status.COMPLETED, job.message
    return job


def holdout_values(job: ValuationJob) -> pd.Series[Any]:
    rows = EvaluationSale.objects.filter(job=job).values_list("sale_id", "value")
    return pd.Series(dict(rows), dtype=float).sort_index()


@pytest.mark.parametrize("method", ["mass_appraisal", "sales_comparison", "reconciled"])
def test_prices_of_the_holdout_sales_make_none_of_their_values(
    transactional_db: None, api: APIClient, county: County, method: str
) -> None:
    """The last year's prices change hands among its sales: their values stay as they are."""
    data.sales(county, data.homes(county, 200), 260)
    before = ran(api, county, method, data.VALUATION_DATE, screening=EVERY_SALE)
    late = list(Sale.objects.filter(sale_id__in=holdout_values(before).index).order_by("sale_date"))
    evaluation = before.result_summary["evaluation"]
    assert evaluation["sales"] == len(late) > 60
    assert (evaluation["from"], evaluation["to"]) == (str(late[0].sale_date), str(late[-1].sale_date))
    assert f"Evaluated on {len(late)} holdout sales from {late[0].sale_date} to {late[-1].sale_date}" in before.message
    prices = [sale.sale_price for sale in late]
    for sale, price in zip(late, reversed(prices), strict=True):
        Sale.objects.filter(pk=sale.pk).update(sale_price=price)
    after = ran(api, county, method, data.VALUATION_DATE, screening=EVERY_SALE)
    assert after.reused_from is None
    ratios = holdout_values(after) / holdout_values(before)
    assert ratios.notna().all()
    assert np.ptp(ratios) < 1e-4  # the market's move to the valuation date may differ, by the same for all


def later_figures_agree(api: APIClient, county: County, years: tuple[int, ...]) -> None:
    """The figures that runs of these years print, and those of their values on the sales of the year after.

    Two 95% intervals of the same figure part by chance in one of 180 comparisons, and there are 15 for each year.
    """
    apart: list[Any] = []
    for year in years:
        day = datetime.date(year, 1, 1)
        run = ran(api, county, "mass_appraisal", day)
        assert run.result_summary["evaluation"]["to"] <= str(day)
        span = {"sales_from": str(day + datetime.timedelta(days=1)), "sales_to": str(day.replace(month=12, day=31))}
        study = ran(api, county, "ratio_study", day, values=str(run.pk), **span)
        printed, true = (job.result_summary["evaluation"]["overall"] for job in (run, study))
        pairs = {name: [at["measures"][name]["interval"] for at in (printed, true)] for name in MEASURES}
        deciles = zip(printed["deciles"], true["deciles"], strict=True)
        pairs |= {f"decile {n}": [one["interval"], other["interval"]] for n, (one, other) in enumerate(deciles, 1)}
        apart += [
            (year, name, one, other)
            for name, (one, other) in pairs.items()
            if one["low"] > other["high"] or other["low"] > one["high"]
        ]
    assert len(apart) <= 2, apart


def test_printed_figures_are_true_of_later_sales(transactional_db: None, api: APIClient, county: County) -> None:
    """A county whose prices scatter: a calibration that makes PRB and PRD look good on its own sales does not later."""
    data.sales(county, data.homes(county, 400), 1800, months=60, noise=0.25)
    later_figures_agree(api, county, (2022, 2023, 2024))


@pytest.mark.skipif(not SEATTLE.exists(), reason="the sales of Seattle are not there")
def test_printed_figures_are_true_of_later_sales_of_seattle(
    transactional_db: None, api: APIClient, county: County
) -> None:
    sales = pd.read_csv(SEATTLE, parse_dates=["sale_date"])
    sales = sales[sales["pinx"].isin(sales["pinx"].drop_duplicates().iloc[::14])]
    homes = sales.drop_duplicates("pinx")
    parcels = PropertyOperational.objects.bulk_create(
        PropertyOperational(
            county=county,
            parcel_number=home.pinx,
            property_class="Residential",
            use_code=home.use_type,
            neighborhood=str(home.area),
            lot_area_sqft=home.lot_sf,
            living_area_sqft=home.tot_sf,
            year_built=home.sale_date.year - home.age,
            quality=str(home.bldg_grade),
            bedrooms=home.beds,
            bathrooms=home.baths,
            point=Point(home.longitude, home.latitude, srid=4326),
        )
        for home in homes.itertuples()
    )
    by_number = {parcel.parcel_number: parcel for parcel in parcels}
    Sale.objects.bulk_create(
        Sale(
            county=county,
            sale_id=f"{number}",
            parcel_number=sale.pinx,
            property=by_number[sale.pinx],
            sale_date=sale.sale_date.date(),
            sale_price=sale.sale_price,
            point=by_number[sale.pinx].point,
        )
        for number, sale in enumerate(sales.itertuples())
    )
    later_figures_agree(api, county, (2014, 2015, 2016))


def test_few_sales_are_not_evaluated_and_say_so(transactional_db: None, api: APIClient, county: County) -> None:
    data.sales(county, data.homes(county, 100), 120)
    run = ran(api, county, "mass_appraisal", data.VALUATION_DATE)
    assert "Not evaluated: of 120 sales too few can be held back." in run.message
    assert not EvaluationSale.objects.filter(job=run).exists()
    assert (run.median_ratio, run.cod) == (None, None)
    assert run.result_summary["evaluation"]["overall"]["withheld"] in run.message
    card = api.get(reverse("valuation:model-card", args=[run.model_id])).content.decode()
    assert "Not evaluated: of 120 sales" in card
