"""The REST interface of schedules: for every kind of job."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpResponseBase
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from terrafusion.api.errors import Conflict
from terrafusion.api.pagination import CursorPagination
from terrafusion.api.schema import ProblemSerializer
from terrafusion.api.serializers import NothingSerializer
from terrafusion.api.views import KnownParameters
from terrafusion.jobs.api import download
from terrafusion.jobs.api.described import IDEMPOTENCY
from terrafusion.jobs.api.serializers import JobResultSerializer, JobStatusSerializer, with_result
from terrafusion.jobs.api.viewsets import accepted, submitted
from terrafusion.jobs.errors import Refused
from terrafusion.jobs.models import AbstractJob, Schedule
from terrafusion.jobs.registry import public_types, type_of
from terrafusion.jobs.rights import check_readable, role_to_act
from terrafusion.jobs.schedules import clock
from terrafusion.jobs.schedules.serializers import ScheduleSerializer
from terrafusion.records.access import counties_for, require

_SCHEDULE_ID = OpenApiParameter("schedule_id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="The schedule.")
_MISSING = {400: ProblemSerializer, 404: ProblemSerializer}


class ScheduleFilterSet(filters.FilterSet):
    county_id = filters.CharFilter(field_name="county_id", help_text="Schedules of one county.")
    job_type = filters.ChoiceFilter(
        choices=lambda: [(job_type.name, job_type.name) for job_type in public_types()],
        help_text="Schedules of this kind of job.",
    )

    class Meta:
        model = Schedule
        fields: list[str] = []


class ScheduleViewSet(KnownParameters, GenericViewSet[Schedule]):
    """Schedules of your counties."""

    queryset = Schedule.objects.select_related("owner")
    serializer_class = ScheduleSerializer
    filterset_class = ScheduleFilterSet
    pagination_class = CursorPagination
    ordering = ("-created_at", "-schedule_id")
    name = "Schedules"

    def get_queryset(self) -> QuerySet[Schedule]:
        return super().get_queryset().filter(county__in=counties_for(self.request.user))

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return NothingSerializer if self.action == "run" else ScheduleSerializer

    @extend_schema(responses=ScheduleSerializer(many=True))
    def list(self, request: Request) -> Response:
        """The schedules of your counties, newest first."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(responses={201: ScheduleSerializer, 409: ProblemSerializer})
    def create(self, request: Request) -> Response:
        """Have a request submitted again and again, as a job of yours.

        The request is checked as `run` checks it. A slot that nobody was there to take is missed and not made up for.
        """
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        with transaction.atomic():
            serializer.save()
        headers = {"Location": serializer.data["links"]["self"]}
        return Response(serializer.data, status=status.HTTP_201_CREATED, headers=headers)

    @extend_schema(responses={200: ScheduleSerializer, **_MISSING}, parameters=[_SCHEDULE_ID])
    def retrieve(self, request: Request, schedule_id: str) -> Response:
        """A schedule, its next slot, and what became of the last one."""
        return Response(self.get_serializer(self._get(schedule_id)).data)

    @extend_schema(responses={200: ScheduleSerializer, **_MISSING, 409: ProblemSerializer}, parameters=[_SCHEDULE_ID])
    def partial_update(self, request: Request, schedule_id: str) -> Response:
        """Change it; `{"enabled": false}` pauses it, true lets it run again if its request still holds.

        The request is changed by the owner only, whose rights its jobs have; the rest by a manager, too.
        """
        with transaction.atomic():
            schedule = self._get(schedule_id, for_update=True)
            self._require_owner(schedule)
            serializer = self.get_serializer(schedule, data=request.data, partial=True)
            if schedule.owner_id != request.user.pk and "request" in request.data:
                raise PermissionDenied("Only its owner may change what a schedule asks for.", "not_the_owner")
            serializer.is_valid(raise_exception=True)
            was_enabled = schedule.enabled
            schedule = serializer.save()
            if schedule.enabled and not was_enabled:
                self._check(schedule)
            schedule.updated_at = Now()
            schedule.save()
        schedule.refresh_from_db()
        return Response(self.get_serializer(schedule).data)

    @extend_schema(responses={204: None, **_MISSING}, parameters=[_SCHEDULE_ID])
    def destroy(self, request: Request, schedule_id: str) -> Response:
        """Delete it. Its jobs and their results stay, each for its time."""
        schedule = self._get(schedule_id)
        self._require_owner(schedule)
        schedule.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        request=None,
        responses={202: JobStatusSerializer, **_MISSING, 409: ProblemSerializer},
        parameters=[_SCHEDULE_ID, IDEMPOTENCY],
    )
    def run(self, request: Request, schedule_id: str) -> Response:
        """Submit a job of it now; its slots stay as they are."""
        schedule = self._get(schedule_id)
        self._require_owner(schedule)
        job = submitted(request, lambda key: clock.run(schedule, idempotency_key=key))
        serializer = clock.viewset_of(type_of(job)).serializer_class
        return accepted(serializer(job, context=self.get_serializer_context()).data)

    @extend_schema(
        responses={200: with_result(JobStatusSerializer, JobResultSerializer), **_MISSING}, parameters=[_SCHEDULE_ID]
    )
    def latest(self, request: Request, schedule_id: str) -> Response:
        """The newest completed job of it, with the result."""
        job = self._newest(schedule_id)
        serializer = clock.viewset_of(type_of(job)).results_serializer_class
        return Response(serializer(job, context=self.get_serializer_context()).data)

    @extend_schema(
        parameters=[_SCHEDULE_ID],
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
            302: OpenApiResponse(description="The file is at the signed address in Location."),
            304: OpenApiResponse(description="The file is the one of If-None-Match."),
            **_MISSING,
            403: ProblemSerializer,
            409: ProblemSerializer,
            410: ProblemSerializer,
            416: ProblemSerializer,
        },
    )
    def download(self, request: Request, schedule_id: str) -> HttpResponseBase:
        """The file of the newest completed job: the URL stays, the file changes, and its `ETag` with it."""
        job = self._newest(schedule_id)
        check_readable(job, request.user)
        download.check_available(job)
        return download.respond(request, job)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[BaseRenderer, str]:
        return super().perform_content_negotiation(request, force=force or self.action == "download")

    def _get(self, schedule_id: str, for_update: bool = False) -> Schedule:
        try:
            parsed = uuid.UUID(schedule_id)
        except ValueError:
            raise ValidationError(
                {"schedule_id": "This is no id of a schedule: give a UUID."}, code="invalid"
            ) from None
        rows = self.get_queryset().filter(pk=parsed)
        schedule = (rows.select_for_update(of=("self",)) if for_update else rows).first()
        if schedule is None:
            raise NotFound("Schedule not found.", code="schedule_not_found")
        return schedule

    def _newest(self, schedule_id: str) -> AbstractJob:
        job = clock.newest(self._get(schedule_id))
        if job is None:
            raise NotFound("There is no result yet, or none that is still kept.", code="no_result")
        return job

    def _check(self, schedule: Schedule) -> None:
        """The request of a schedule that is let run again must hold, with the rights of its owner."""
        try:
            clock.check(schedule)
        except ValidationError as faulty:
            raise ValidationError({"request": faulty.detail}) from None
        except Refused as refused:
            raise Conflict(str(refused), refused.code) from None

    def _require_owner(self, schedule: Schedule) -> None:
        """An analyst may act on schedules of their own, a manager on anybody's."""
        require(self.request.user, role_to_act(schedule.owner_id, self.request.user), schedule.county_id)
