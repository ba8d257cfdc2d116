"""System checks: what would only show when the first job runs, shown at start."""

from __future__ import annotations

from math import ceil

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import FieldDoesNotExist
from django.utils.module_loading import import_string

from terrafusion.jobs.models.listed import is_listed_by
from terrafusion.jobs.registry import all_types


@register(Tags.compatibility)
def job_types(**_: object) -> list[CheckMessage]:
    """Each registered type has work that can be imported, and the columns that it names, its own with indexes."""
    errors: list[CheckMessage] = []
    for job_type in all_types():
        try:
            import_string(job_type.execute)
        except ImportError as error:
            errors.append(Error(f"{job_type.name}: cannot import {job_type.execute}: {error}", id="jobs.E001"))
        for column in (job_type.type_field, *job_type.model.result_columns):
            try:
                job_type.model._meta.get_field(column)
            except FieldDoesNotExist:
                errors.append(Error(f"{job_type.label} has no column {column!r}.", id="jobs.E002"))
        if not is_listed_by(job_type.model, job_type.type_field):
            text = f"{job_type.label} has no indexes for its lists: add *by({job_type.type_field!r}, 'type') to them."
            errors.append(Error(text, id="jobs.E005"))
    return errors


@register(Tags.compatibility)
def queue_settings(**_: object) -> list[CheckMessage]:
    """The broker's lock outlives everything that a task may wait for before and while it runs."""
    main = settings.Q_CLUSTER
    errors: list[CheckMessage] = []
    for name, cluster in {main["cluster_name"]: main, **main["ALT_CLUSTERS"]}.items():
        longest = cluster["timeout"] * (2 + ceil(cluster["queue_limit"] / cluster["workers"]))
        if cluster["retry"] <= longest:
            text = f"Cluster {name}: retry is {cluster['retry']} and must be more than {longest}."
            errors.append(Error(text, id="jobs.E003"))
    if settings.JOB_LOST_AFTER < 2 * settings.JOB_HEARTBEAT:
        errors.append(Error("JOB_LOST_AFTER must be at least twice JOB_HEARTBEAT.", id="jobs.E004"))
    return errors
