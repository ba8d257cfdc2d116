"""What runs keep, and for how long.

A run with any decision about it is kept whole, for ever. Of the others, the values and evaluation sales go when the
run's file has expired and the county's ``proposal_days`` have passed since; but the newest run and the newest study of
a county stay, however old, since layers and sheets show them. The job itself, with its summary, and the model stay too.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import connection, models, transaction
from django.db.models import DurationField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Now
from psycopg import sql

from terrafusion.jobs.states import Status
from terrafusion.records.models import CountySettings
from valuation import values
from valuation.models import Decision, EvaluationSale, PropertyValuation, ValuationJob

_BATCH = 20_000
"""Rows of one statement: the triggers that note a change hold all of them at once."""
_DAYS = CountySettings._meta.get_field("proposal_days").default


def forget() -> int:
    """One run's values and evaluation sales, if there is a run to forget; how many rows went. For the sweep."""
    for job_id, county_id in _old().order_by("completed_at").values_list("pk", "county_id"):
        with transaction.atomic():
            values.lock_decisions(county_id)  # then ask again: it may have been decided about meanwhile
            if job_id in _shown(county_id) or not _old().filter(pk=job_id).exists():
                continue
            ValuationJob.objects.filter(Q(pk=job_id) | Q(reused_from=job_id)).update(values_removed_at=Now())
            return _remove(PropertyValuation, job_id) + _remove(EvaluationSale, job_id)
    return 0


def _old() -> QuerySet[ValuationJob]:
    """Runs that hold rows which have had their time; a run that answers a younger one's request has not."""
    days = Coalesce(F("county__settings__proposal_days"), Value(_DAYS))
    span = ExpressionWrapper(days * Value(timedelta(days=1)), output_field=DurationField())
    young = ~Q(status=Status.EXPIRED) | Q(completed_at__gte=Now() - span)
    runs: QuerySet[ValuationJob] = ValuationJob.objects.filter(~young, reused_from=None, values_removed_at=None)
    return runs.exclude(Exists(ValuationJob.objects.filter(young, reused_from=OuterRef("pk")))).exclude(
        Exists(Decision.objects.filter(job=OuterRef("pk")))
    )


def _shown(county_id: str) -> set[uuid.UUID]:
    newest = (values.latest_job(county_id), values.latest_evaluated(county_id))
    return {values.made_by(job) for job in newest if job is not None}


def _remove(table: type[models.Model], job_id: uuid.UUID) -> int:
    statement = sql.SQL("DELETE FROM {0} WHERE id IN (SELECT id FROM {0} WHERE job_id = %s LIMIT %s)").format(
        sql.Identifier(table._meta.db_table)
    )
    removed = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(statement, [job_id, _BATCH])
            if not cursor.rowcount:
                return removed
            removed += cursor.rowcount
