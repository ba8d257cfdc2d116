from __future__ import annotations

import datetime
from typing import Any

import pytest

from terrafusion.records.models import County, PropertyOperational
from tests.conftest import MakeUser, Role
from tests.valuation import data
from valuation.decisions.asked import DecisionRequest, ValueSelection
from valuation.decisions.execute import decide
from valuation.decisions.preview import preview
from valuation.models import Decision, PropertyValuation, Step, ValuationJob


@pytest.fixture
def assessor(make_user: MakeUser, county: County) -> object:
    return make_user("assessor", Role.ASSESSOR, county)


@pytest.fixture
def parcels(county: County) -> list[PropertyOperational]:
    return data.homes(county, 6)


@pytest.fixture
def run(county: County, parcels: list[PropertyOperational]) -> ValuationJob:
    """A completed run with a value for each parcel but the last, which could have none."""
    job = data.run_of(county)
    for number, parcel in enumerate(parcels[:-1]):
        data.proposed(job, parcel, value=300_000 + 1000 * number)
    data.proposed(
        job,
        parcels[-1],
        **dict.fromkeys(("value", "value_low", "value_high", "land_value", "improvement_value")),
        flags=["no_living_area"],
    )
    return job


def states(job: ValuationJob) -> dict[str, str]:
    return dict(PropertyValuation.objects.filter(job=job).values_list("parcel_number", "state"))


def decided(job: ValuationJob, user: Any, request: DecisionRequest) -> Decision:
    """Both steps at once."""
    seen = preview(job, user, request)
    return decide(job, user, request, seen.token, seen.figures.count)


def certify(run: ValuationJob, user: Any, *numbers: str, day: datetime.date = data.VALUATION_DATE) -> None:
    chosen = ValueSelection(parcels=numbers)
    decided(run, user, DecisionRequest(Step.REVIEW, chosen, "Seen."))
    decided(run, user, DecisionRequest(Step.CERTIFY, chosen, "Certified.", effective_date=day, tax_year=day.year))
