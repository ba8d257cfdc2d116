"""Whose turn it is: which of the jobs that wait in a lane a worker takes next.

Counties take turns, and in each county its users; a user's own jobs come in the order in which they were submitted. So
what one user has waiting delays another's by one job for each worker, however much it is. docs/adr/0035-fair-turns.md
gives the reasons.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import cache

from django.db import connection
from django.db.models.functions import Now

from terrafusion.jobs.models import AbstractJob, Turn
from terrafusion.jobs.registry import all_types
from terrafusion.jobs.states import Status

NOBODY = 0
"""Stands for the user of jobs that nobody submitted: parts of exports."""


def next_job(lane: str) -> tuple[str, uuid.UUID] | None:
    """The label of its type and its id; None when no job waits. Another worker may claim it first."""
    with connection.cursor() as cursor:
        cursor.execute(_next_job(), {"lane": lane, "pending": Status.PENDING.value})
        row: tuple[str, uuid.UUID] | None = cursor.fetchone()
    return row


def take(job: AbstractJob) -> None:
    """The job's user, and county, have had their turn."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO {Turn._meta.db_table} (lane, county_id, user_id, taken_at)
            VALUES (%s, %s, %s, clock_timestamp())
            ON CONFLICT (lane, county_id, user_id) DO UPDATE SET taken_at = excluded.taken_at
            """,  # noqa: S608  # our own name of the table
            [job.lane, job.county_id, job.submitted_by_id or NOBODY],
        )


def forget() -> None:
    """Turns of a day ago: who comes again then is new."""
    Turn.objects.filter(taken_at__lt=Now() - timedelta(days=1)).delete()


@cache
def _next_job() -> str:
    """One statement for all types. Of each type it reads, from the index ``..._turn`` alone, what waits in the lane."""
    firsts = " UNION ALL ".join(
        f"""
        (SELECT DISTINCT ON (county_id, submitted_by_id)
            '{job_type.label}' AS label, job_id, county_id, coalesce(submitted_by_id, {NOBODY}) AS user_id, created_at
        FROM {job_type.model._meta.db_table} WHERE status = %(pending)s AND lane = %(lane)s
        ORDER BY county_id, submitted_by_id, created_at, job_id)
        """  # noqa: S608  # our own names
        for job_type in all_types()
    )
    return f"""
        WITH first AS ({firsts}),
        turn AS (SELECT * FROM {Turn._meta.db_table} WHERE lane = %(lane)s),
        county AS (SELECT county_id, max(taken_at) AS taken_at FROM turn GROUP BY county_id)
        SELECT first.label, first.job_id
        FROM first LEFT JOIN turn USING (county_id, user_id) LEFT JOIN county USING (county_id)
        ORDER BY county.taken_at NULLS FIRST, turn.taken_at NULLS FIRST, first.created_at, first.job_id
        LIMIT 1
        """  # noqa: S608  # our own names
