"""Studies by the level and the kind of each class, their verdict in words, and the years before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from terrafusion.records import settings_validators
from terrafusion.records.models import County, CountySettings, PropertyOperational, PropertyValueHistory
from tests.valuation import data
from tests.valuation.conftest import certify
from valuation import assessment, ratio, studies, study_groups
from valuation.assessment import Classes
from valuation.earlier_years import earlier
from valuation.ratio import PropertyKind
from valuation.ratio.verdict import factor, verdict
from valuation.run import evaluation

DAY = data.VALUATION_DATE.replace(year=2021)


def _frame(**levels: float) -> pd.DataFrame:
    """60 sales of each class, whose values are so much of the price, give or take 10%."""
    random = np.random.default_rng(1)
    parts = []
    for name, level in levels.items():
        price = np.exp(random.normal(12.5, 0.4, 60))
        value = price * level * np.exp(random.normal(0, 0.1, 60))
        parts.append(pd.DataFrame({"value": value, "price": price, "property_class": name, "neighborhood": "1"}))
    return pd.concat(parts, ignore_index=True)


def test_ratios_are_assessed_against_the_level_of_the_law() -> None:
    """Ohio's 35% for all classes: a median of .35 is right, as 1 is elsewhere."""
    sales = _frame(Residential=0.35)
    study = study_groups.of_frame(sales, Classes({"*": {"level": 0.35}})).overall
    assert study.measures["median"].acceptable == (0.315, 0.385)
    assert study.measures["median"].met
    assert factor(study) == pytest.approx(0.35 / study.measures["median"].value)
    assert not study_groups.of_frame(sales, Classes({})).overall.measures["median"].met


def test_classes_of_several_levels_are_studied_together_and_apart() -> None:
    """Cook County's 10% of homes and 25% of offices, which are at 30%."""
    classes = Classes({"Residential": {"level": 0.10}, "Commercial": {"level": 0.25}})
    studied = study_groups.of_frame(_frame(Residential=0.10, Commercial=0.30), classes)
    assert studied.overall.level == 1
    assert studied.by_class["Residential"].measures["median"].value == pytest.approx(0.10, abs=0.005)
    assert studied.by_class["Residential"].measures["median"].met
    assert studied.by_class["Commercial"].measures["median"].value == pytest.approx(0.30, abs=0.015)
    assert studied.by_class["Commercial"].measures["median"].met is False
    words = verdict(studied.overall, studied.by_class)
    assert words.meets is False
    assert "Class Commercial is" in words.reasons[-1]
    assert studied.overall.measures["cod"].acceptable is None  # two kinds: each is assessed by its own


def test_a_run_is_evaluated_as_market_values_by_the_kind_of_its_classes() -> None:
    """The range of the COD is that of the kind that the county names, and the level is 1."""
    holdout = _frame(R1=1.0).assign(low=0.0, high=np.inf, sale_date=pd.Timestamp("2021-05-01"))
    classes = Classes({"R1": {"level": 0.35, "kind": "land"}})
    study, about = evaluation.evaluate(holdout, 0.02, classes)
    assert study.overall.level == 1
    assert study.overall.kind == PropertyKind.LAND
    sampling = study_groups.of_frame(holdout, classes.at_market()).overall.measures["median"].interval
    printed = study.overall.measures["median"].interval
    assert sampling is not None
    assert printed is not None
    assert printed.low < sampling.low < sampling.high < printed.high
    assert about["level_error"] == 0.02


@pytest.mark.parametrize(
    ("name", "max_cod"),
    [("Residential", 15), ("Commercial", 20), ("Vacant land", 25), ("Mobile homes", 20), ("R1", 10)],
)
def test_each_class_has_its_range_of_cod(name: str, max_cod: float) -> None:
    classes = Classes({"R*": {"kind": "residential"}, "R1": {"kind": "residential_new"}})
    studied = study_groups.of_frame(_frame(**{name: 1.0}), classes)
    for study in (studied.overall, studied.by_class[name]):
        assert study.measures["cod"].acceptable == (5, max_cod)
    assert Classes({}, PropertyKind.LAND_RURAL).of(name).kind == PropertyKind.LAND_RURAL


def test_a_verdict_says_why_and_what_would_mend_it() -> None:
    random = np.random.default_rng(2)
    price = np.exp(random.normal(12.5, 0.4, 300))
    value = price * np.exp(random.normal(0, 0.12, 300))
    good = verdict(ratio.study(value, price))
    assert good.meets
    assert "meets the IAAO Standard on Ratio Studies (April 2013)" in good.summary
    assert "No factor is needed" in good.reasons[0]
    low = verdict(ratio.study(0.8 * value, price))
    assert low.meets is False
    assert "Multiplying the values by 1.2" in low.reasons[0]
    assert "below the range of 0.900 to 1.100" in low.reasons[0]
    assert verdict(ratio.study(value[:5], price[:5])).meets is None


def test_figures_are_assessed_as_they_are_printed() -> None:
    """A COD of 15.04 is printed as 15.0, and 15.0 is in the range."""
    price = np.full(40, 100_000.0) + np.arange(40)
    spread = np.where(np.arange(40) % 2, 1 + 0.15042, 1 - 0.15042)
    study = ratio.study(price * spread, price)
    assert study.measures["cod"].value > 15.04
    assert study.measures["cod"].met


def test_the_setting_and_its_faults(county: County, client_of: Any, manager: Any) -> None:
    api = client_of(manager)
    url = f"/api/v1/counties/{county.pk}/settings"
    given = {"Residential": {"level": 0.10, "kind": "residential"}, "4*": {"level": 1 / 3, "kind": "income"}}
    response = api.patch(url, {"assessment_classes": given}, format="json")
    assert response.status_code == 200, response.content
    classes = assessment.classes_of(county.pk)
    assert (classes.of("Residential").level, classes.of("400").kind) == (0.10, "income")
    for faulty, message in (
        ([], "Give an object"),
        ({"R": {"level": 35}}, "share of market value"),
        ({"R": {"kind": "castle"}}, "kind is one of"),
        ({"R": {"levle": 0.3}}, "level and kind"),
        ({"*R": {"level": 0.3}}, "one star at the end"),
    ):
        settings = CountySettings(county=county, assessment_classes=faulty)
        assert message in settings_validators.faults(settings)["assessment_classes"]
        assert api.patch(url, {"assessment_classes": faulty}, format="json").status_code == 400


def test_values_made_here_are_market_values(county: County, assessor: Any) -> None:
    """In a county of 35%: the roll's values are at that level, a run's are not, nor are those certified from it."""
    parcels = data.homes(county, 60)
    data.sales(county, parcels, 900)
    CountySettings.objects.update_or_create(county=county, defaults={"assessment_classes": {"*": {"level": 0.35}}})
    for parcel in parcels:
        parcel.total_value = round((parcel.total_value or 0) * 0.35)
    PropertyOperational.objects.bulk_update(parcels, ["total_value"])
    study = studies.study(studies.Wanted(county.pk, DAY))[0].overall
    assert study.level == 0.35
    assert study.measures["median"].value == pytest.approx(0.35, abs=0.03)
    assert study.measures["median"].met
    run = data.run_of(county, valuation_date=DAY)
    for number, parcel in enumerate(parcels):
        data.proposed(
            run,
            parcel,
            value=(value := round(data.worth(parcel.living_area_sqft or 0, number, 12))),
            value_high=value * 2,
        )
    for values in (run.pk, "certified", "current"):
        if values == "certified":
            certify(run, assessor, *(parcel.parcel_number for parcel in parcels), day=DAY)
        study = studies.study(studies.Wanted(county.pk, DAY, values=values))[0].overall
        assert study.level == 1
        assert study.measures["median"].value == pytest.approx(1, abs=0.06)


def test_earlier_years_stand_alongside(county: County) -> None:
    """Each with what was on record then, against the sales of then."""
    parcels = data.homes(county, 60)
    data.sales(county, parcels, 900)
    for number, parcel in enumerate(parcels):
        for year, months in ((2020, 0), (2021, 12)):
            worth = round(data.worth(parcel.living_area_sqft or 0, number, months) * (0.8 if year == 2020 else 1))
            PropertyValueHistory.objects.create(
                county=county, property=parcel, tax_year=year, effective_date=f"{year}-01-01", total_value=worth
            )
    wanted = studies.Wanted(county.pk, DAY)
    market = studies.StudySales(wanted)
    (before,) = earlier(wanted, market, DAY.replace(month=12, day=31))
    assert (before.day, before.sales_from) == (DAY.replace(year=2020), DAY.replace(year=2020))
    assert before.study.sales > 300
    assert before.study.measures["median"].value == pytest.approx(0.8, abs=0.03)
