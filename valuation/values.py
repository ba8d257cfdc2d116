"""Finding the values of runs: what views, layers and reports read."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import connection
from django.db.models import Max, QuerySet

from terrafusion.jobs.states import Status
from terrafusion.records.models import County
from valuation import methods
from valuation.models import Decision, PropertyValuation, State, Step, ValuationJob

DONE = (Status.COMPLETED, Status.EXPIRED)  # the file of an expired run is gone, its values stay


def made_by(job: ValuationJob) -> uuid.UUID:
    """The run that holds the rows: another one, where this was answered with a result that there was."""
    return job.reused_from_id or job.pk


def of_job(job: ValuationJob) -> QuerySet[PropertyValuation]:
    """The values of a run, those that could not be given included."""
    return PropertyValuation.objects.filter(job=made_by(job))


def valuing_jobs(county: County | str) -> QuerySet[ValuationJob]:
    """Completed runs of a county that gave values and still have them, the newest first."""
    runs: QuerySet[ValuationJob] = ValuationJob.objects.filter(county=county, status__in=DONE, values_removed_at=None)
    return runs.exclude(valuation_method__in=methods.valueless()).order_by("-completed_at", "-job_id")


def latest_job(county: County | str) -> ValuationJob | None:
    """The newest run of the whole county; of a part of it, where there is none of the whole."""
    runs = valuing_jobs(county)
    return runs.filter(scope="all").first() or runs.first()


def latest(county: County | str, parcel_number: str) -> PropertyValuation | None:
    """The newest value of a parcel, proposed or decided."""
    valuations = PropertyValuation.objects.filter(
        property__county=county, property__parcel_number=parcel_number, job__status__in=DONE
    )
    return valuations.select_related("job", "property").order_by("-pk").first()


def certified(county: County | str) -> QuerySet[PropertyValuation]:
    """Each parcel's certified value that is effective last."""
    return (
        PropertyValuation.objects.filter(county=county, state=State.CERTIFIED)
        .order_by("property_id", "-effective_date")
        .distinct("property_id")
    )


def latest_certified(county: County | str, parcel_number: str) -> PropertyValuation | None:
    valuations = certified(county).filter(property__parcel_number=parcel_number)
    return valuations.select_related("job", "property").first()


def latest_evaluated(county: County | str) -> ValuationJob | None:
    """The newest run, of values or a study, that was held against sales; of the whole county, where there is one."""
    runs: QuerySet[ValuationJob] = ValuationJob.objects.filter(
        county=county, status__in=DONE, median_ratio__isnull=False, values_removed_at=None
    ).order_by("-completed_at", "-job_id")
    return runs.filter(scope="all").first() or runs.first()


def lock_decisions(county: County | str) -> None:
    """Until the transaction ends, nobody else decides about values of the county or removes any."""
    with connection.cursor() as cursor:
        key = county.pk if isinstance(county, County) else county
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"decide {key}"])


def last_certified_at(county: County | str) -> datetime | None:
    """When certified values were last added, corrected or revoked."""
    certifying = Decision.objects.filter(county=county, step__in=(Step.CERTIFY, Step.CORRECT, Step.REVOKE))
    newest: datetime | None = certifying.aggregate(newest=Max("decided_at"))["newest"]
    return newest
