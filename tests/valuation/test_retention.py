"""What of old runs is removed, and what never is."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from terrafusion.jobs.states import Status
from terrafusion.jobs.sweep import Swept, sweep
from terrafusion.records.models import County, CountySettings, PropertyOperational
from tests.conftest import ClientOf
from tests.valuation import data
from tests.valuation.conftest import decided
from valuation.decisions.asked import EVERYTHING, DecisionRequest, ValueSelection
from valuation.decisions.errors import NotDecidable
from valuation.models import EvaluationSale, PropertyValuation, Step, ValuationJob
from valuation.retention import forget

pytestmark = pytest.mark.django_db


def ended(county: County, days: int, **columns: Any) -> ValuationJob:
    """A run whose file has expired, so many days after it was completed."""
    job = data.run_of(county, **columns)
    ValuationJob.objects.filter(pk=job.pk).update(
        status=Status.EXPIRED, completed_at=timezone.now() - datetime.timedelta(days=days)
    )
    job.refresh_from_db()
    return job


@pytest.fixture
def old(county: County, parcels: list[PropertyOperational]) -> ValuationJob:
    """Two values and an evaluation sale, 400 days old."""
    job = ended(county, 400)
    for parcel in parcels[:2]:
        data.proposed(job, parcel)
    EvaluationSale.objects.create(
        county=county, job=job, sale_date="2021-01-01", sale_price=1, adjusted_price=1, value=1, ratio=1, residual=0
    )
    return job


def kept(job: ValuationJob) -> bool:
    return PropertyValuation.objects.filter(job=job).exists()


def test_the_sweep_removes_what_nobody_decided_about(
    old: ValuationJob, county: County, viewer: Any, manager: Any, client_of: ClientOf
) -> None:
    address = reverse("valuation:values", args=[old.pk])
    assert sweep() == Swept()  # it is the newest of the county
    assert len(client_of(viewer).get(address).json()["results"]) == 2
    data.run_of(county)
    assert sweep() == Swept(rows=3)
    assert not kept(old)
    assert not EvaluationSale.objects.exists()
    old.refresh_from_db()
    assert old.status == Status.EXPIRED
    gone = client_of(viewer).get(address)
    assert (gone.status_code, gone.json()["code"]) == (410, "values_removed")
    assert client_of(viewer).get(reverse("valuation:sheet", args=[old.pk, "0001"])).status_code == 410
    with pytest.raises(NotDecidable, match="removed for their age"):
        decided(old, manager, DecisionRequest(Step.REVIEW, EVERYTHING, "Late."))
    assert sweep() == Swept()


def test_a_run_with_any_decision_stays_whole(old: ValuationJob, county: County, manager: Any) -> None:
    decided(old, manager, DecisionRequest(Step.REJECT, ValueSelection(parcels=("0001",)), "A barn."))
    data.run_of(county)
    assert forget() == 0
    assert PropertyValuation.objects.filter(job=old).count() == 2


def test_the_county_says_how_long_and_a_file_is_outlived(old: ValuationJob, county: County) -> None:
    data.run_of(county)
    settings = CountySettings.objects.create(county=county, proposal_days=500)
    assert forget() == 0
    settings.proposal_days = 10
    settings.save()
    ValuationJob.objects.filter(pk=old.pk).update(status=Status.COMPLETED)  # its file may be used again
    assert forget() == 0
    ValuationJob.objects.filter(pk=old.pk).update(status=Status.EXPIRED)
    assert forget() == 3


def test_a_run_that_answers_a_younger_request_stays(old: ValuationJob, county: County) -> None:
    again = ended(county, 5, reused_from=old)
    data.run_of(county)
    assert forget() == 0
    ValuationJob.objects.filter(pk=again.pk).update(completed_at=old.completed_at)
    assert forget() == 3
    again.refresh_from_db()
    assert again.values_removed_at is not None


def test_the_newest_study_stays(old: ValuationJob, county: County) -> None:
    ValuationJob.objects.filter(pk=old.pk).update(median_ratio=1.0)
    data.run_of(county)
    assert forget() == 0
    data.run_of(county, median_ratio=1.0)
    assert forget() == 3
