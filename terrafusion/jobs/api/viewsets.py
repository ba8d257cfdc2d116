"""The REST interface of a job type. A plugin subclasses ``JobViewSet`` and puts ``job_urls`` into its urls."""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.urls import URLPattern, path
from django.utils.functional import cached_property, classproperty
from django.utils.html import format_html
from django.utils.text import capfirst
from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from terrafusion.api.errors import Conflict
from terrafusion.api.pagination import CursorPagination
from terrafusion.api.serializers import NothingSerializer
from terrafusion.api.views import KnownParameters
from terrafusion.jobs import dispatch
from terrafusion.jobs.api import download
from terrafusion.jobs.api.described import describe
from terrafusion.jobs.api.errors import TooManyJobs
from terrafusion.jobs.api.files import MemberSerializer, member_of, members_of
from terrafusion.jobs.api.filters import JobFilterSet, filterset_of
from terrafusion.jobs.api.serializers import JobResultSerializer, JobStatusSerializer, with_result
from terrafusion.jobs.errors import Refused, RequestRefused, TooManyActiveJobs
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.request import RunSerializer, unsaved_job
from terrafusion.jobs.rights import check_may_rerun, check_readable, role_to_act
from terrafusion.kept import Kept
from terrafusion.records.access import Rights, Role, require, rights_of

POLL_SECONDS = 1
"""Sent to clients as Retry-After: when to ask for the status."""

_PAGES = {
    "run": ": submit",
    "run_form": ": submit",
    "results": ": results",
    "files": ": files",
    "cancel": ": cancel",
    "rerun": ": rerun",
}
"""What is added to a job's name, where the page is not of the job itself."""


def _brief(jobs: QuerySet[AbstractJob]) -> QuerySet[AbstractJob]:
    """What the status object shows of them."""
    return jobs.defer(*jobs.model.unlisted_columns)


class JobViewSet(KnownParameters, GenericViewSet[AbstractJob]):
    """run, status, results, jobs, cancel, rerun, download and files of one job type.

    ``run_serializer_class(data=..., context={"request": ...}).save()`` returns an UNSAVED job; who submits it, the
    rights, limits and the Idempotency-Key are seen to here.
    """

    model: ClassVar[type[AbstractJob]]
    run_serializer_class: ClassVar[type[RunSerializer]]
    serializer_class: type[JobStatusSerializer] = JobStatusSerializer
    result_serializer_class: ClassVar[type[JobResultSerializer]] = JobResultSerializer
    results_serializer_class: ClassVar[type[JobStatusSerializer]]
    pagination_class = CursorPagination
    ordering = ("-created_at", "-job_id")
    lookup_field = "job_id"
    list_actions = ("jobs",)
    query_parameters: ClassVar[Mapping[str, Collection[str]]] = {"file": ("inline",)}
    _brief_job: ClassVar[Kept[AbstractJob]]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.results_serializer_class = with_result(cls.serializer_class, cls.result_serializer_class)
        cls._brief_job = Kept(lambda pk: _brief(cls.model.objects.filter(pk=pk)).order_by(), like=uuid.UUID(int=0))
        describe(cls)

    @classproperty
    def filterset_class(cls) -> type[JobFilterSet]:  # noqa: N805  # the type is registered only when apps are ready
        return filterset_of(cls.model)

    def get_view_name(self) -> str:
        """Of the page in a browser: such as "GIS export job: results"."""
        action = getattr(self, "action", None)
        kind = self.model._meta.verbose_name_plural if action in (None, "jobs") else self.model._meta.verbose_name
        page = _PAGES.get(action or "", "")
        return capfirst(str(kind)) + page

    def get_view_description(self, html: bool = False) -> str:
        """Of the page in a browser: the first paragraph on what was asked for."""
        method = getattr(self, getattr(self, "action", None) or "", None)
        first = (inspect.getdoc(method) or "").partition("\n\n")[0]
        return format_html("<p>{}</p>", first) if html else first

    def get_queryset(self) -> QuerySet[AbstractJob]:
        if getattr(self, "swagger_fake_view", False):
            return self.model.objects.none()
        # The counties by name and not as a query in the query: PostgreSQL knows how many jobs each of them has, and so
        # does not look for a few among the newest million of others.
        counties = self.rights.counties()
        jobs: QuerySet[AbstractJob] = self.model.objects.all()
        if counties is not None:
            jobs = jobs.filter(county__in=counties)
        action = getattr(self, "action", None)  # a view of a run's values has none
        return _brief(jobs) if action == "jobs" else jobs

    @cached_property
    def rights(self) -> Rights:
        """Of the request's user, read once."""
        return rights_of(getattr(self.request, "user", None))  # there is no request where the schema is made

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "rights": self.rights}

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        if self.action in ("run", "run_form"):
            return self.run_serializer_class
        if self.action == "results":
            return self.results_serializer_class
        if self.action in ("cancel", "rerun"):
            return NothingSerializer
        if self.action == "files":
            return MemberSerializer
        return self.serializer_class

    def run_form(self, request: Request) -> Response:
        """How to submit a job: by the form below, or as JSON."""
        return Response({"detail": "POST a request to this address to submit a job; its status is at Location."})

    def run(self, request: Request) -> Response:
        """Submit a job. The answer is its status; the job runs in the background.

        An identical request on unchanged data is answered with the result that there is: the job is COMPLETED at once.
        Among the `parameters` of every kind of job, `fresh` (true) asks for the work to be done anew,
        `expires_in` (seconds, `P30D`, `30d`) says how long the result is kept, and `webhook` is an https address that
        is notified of the end.
        """
        job = unsaved_job(self.run_serializer_class, request.data, self.get_serializer_context())
        fresh = bool(job.options.get("fresh"))
        return self._submit(lambda key: dispatch.submit(job, idempotency_key=key, fresh=fresh)[0])

    def status(self, request: Request, job_id: str) -> Response:
        """How the job is doing."""
        job = self.get_job(job_id, brief=True)
        headers = {} if job.completed_at else {"Retry-After": str(POLL_SECONDS)}
        return Response(self._shown(job), headers=headers)

    def results(self, request: Request, job_id: str) -> Response:
        """The status and, once the job is completed, its result."""
        return Response(self.get_serializer(self.get_job(job_id)).data)

    def jobs(self, request: Request) -> Response:
        """The jobs of your counties, newest first."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def cancel(self, request: Request, job_id: str) -> Response:
        """Cancel the job: at once when it is pending; a running one is asked to stop."""
        job = self.get_job(job_id)
        self._require_owner(job)
        try:
            job = dispatch.cancel(job)
        except Refused as refused:
            raise Conflict(str(refused), refused.code) from None
        return Response(self._shown(job), status=status.HTTP_202_ACCEPTED)

    def rerun(self, request: Request, job_id: str) -> Response:
        """Submit a new job with the same request, linked to this one, if what it asks for may still be had."""
        job = self.get_job(job_id)
        self._require_owner(job)
        check_may_rerun(job, request.user)
        return self._submit(lambda key: dispatch.rerun(job, request.user, idempotency_key=key))

    def download(self, request: Request, job_id: str) -> HttpResponseBase:
        """The result file, or a range of it."""
        return download.respond(request, self._with_file(job_id))

    def files(self, request: Request, job_id: str) -> Response:
        """The files of the result: those of a package one by one, or the one file that it is."""
        job = self._with_file(job_id)
        context = {**self.get_serializer_context(), "job": job}
        members: Any = members_of(job)
        return Response(MemberSerializer(members, many=True, context=context).data)

    def file(self, request: Request, job_id: str, name: str) -> HttpResponseBase:
        """One file of the result, or a range of it."""
        job = self._with_file(job_id)
        return download.respond(request, job, member_of(job, name))

    def _with_file(self, job_id: str) -> AbstractJob:
        job = self.get_job(job_id)
        check_readable(job, self.request.user)
        download.check_available(job)
        return job

    def get_job(self, job_id: str, *, brief: bool = False) -> AbstractJob:
        """The job, ``brief`` as lists have it."""
        try:
            parsed = uuid.UUID(job_id)
        except ValueError:
            raise ValidationError({"job_id": "This is not a job id: give a UUID."}, code="invalid") from None
        job = self._brief_job.first(parsed) if brief else self.get_queryset().filter(pk=parsed).first()
        if job is None or not self.rights.has(job.county_id, Role.VIEWER):
            raise NotFound("Job not found.", code="job_not_found")
        return job

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[BaseRenderer, str]:
        # A file is what it is: a client that accepts, say, only image/* or its own type gets it all the same.
        return super().perform_content_negotiation(request, force=force or self.action in ("download", "file"))

    def _submit(self, submit: Callable[[str], AbstractJob]) -> Response:
        return accepted(self._shown(submitted(self.request, submit)))

    def _shown(self, job: AbstractJob) -> Mapping[str, Any]:
        return self.serializer_class(job, context=self.get_serializer_context()).data

    def _require_owner(self, job: AbstractJob) -> None:
        """An analyst may act on jobs of their own, a manager on anybody's."""
        require(self.request.user, role_to_act(job.submitted_by_id, self.request.user), job.county_id)


def submitted(request: Request, submit: Callable[[str], AbstractJob]) -> AbstractJob:
    """What ``submit`` makes of the request's Idempotency-Key; what it refuses, as an answer over HTTP."""
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > 255 or "\x00" in key:
        raise ValidationError({"Idempotency-Key": "Give at most 255 characters."}, code="invalid")
    try:
        return submit(key)
    except TooManyActiveJobs as refused:
        raise TooManyJobs(wait=10, detail=str(refused), code=refused.code) from None
    except RequestRefused as refused:
        raise ValidationError(refused.faults, code=refused.code) from None
    except Refused as refused:
        raise Conflict(str(refused), refused.code) from None


def accepted(shown: Mapping[str, Any]) -> Response:
    """202 with the job as its serializer shows it."""
    headers = {"Location": shown["links"]["status"], "Retry-After": str(POLL_SECONDS)}
    return Response(shown, status=status.HTTP_202_ACCEPTED, headers=headers)


def job_urls(viewset: type[JobViewSet]) -> list[URLPattern]:
    """The addresses of the contract. The plugin includes them under a namespace that is its ``JobType.name``."""

    def route(address: str, name: str, **methods: str) -> URLPattern:
        return path(address, viewset.as_view({**methods}), name=name)

    return [
        route("run", "run", get="run_form", post="run"),
        # Any text is taken for an id here, so that a malformed one is answered with 400 and not with 404.
        route("status/<str:job_id>", "status", get="status"),
        route("results/<str:job_id>", "results", get="results"),
        route("jobs", "jobs", get="jobs"),
        route("jobs/<str:job_id>/cancel", "cancel", post="cancel"),
        route("jobs/<str:job_id>/rerun", "rerun", post="rerun"),
        route("jobs/<str:job_id>/download", "download", get="download", head="download"),
        route("jobs/<str:job_id>/files", "files", get="files"),
        route("jobs/<str:job_id>/files/<str:name>", "file", get="file", head="file"),
    ]
