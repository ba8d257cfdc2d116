"""From a body to an unsaved job with every check, as ``run`` and schedules need it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer

from terrafusion.jobs import dispatch, options
from terrafusion.jobs.models import AbstractJob
from terrafusion.records.access import Role, require
from terrafusion.types import AnyUser


def unsaved_job(serializer_class: type[BaseSerializer[Any]], body: object, context: dict[str, Any]) -> AbstractJob:
    """The job that ``body`` asks for, of the user of ``context["request"]``.

    Raises ValidationError with every fault of the body, PermissionDenied for who is no analyst of the county.
    """
    user = context["request"].user
    own, given = options.split(body)
    serializer = serializer_class(data=own, context=context)
    options.check(serializer, given)
    job: AbstractJob = serializer.save()
    require(user, Role.ANALYST, job.county_id)
    job.submitted_by = user
    job.options = given
    job.request_digest = dispatch.digest(body)
    return job


def request_of(user: AnyUser) -> Request:
    """A request of the user's that came by no address, for the context of serializers."""
    request = Request(HttpRequest())
    request.user = user
    return request
