"""Jobs as the API shows them; a plugin's serializer adds its type column and what else it has."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any, TypedDict

from django.urls import get_script_prefix, reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from terrafusion.jobs import errors, options, personal_data
from terrafusion.jobs.errors import ReadRefused
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.registry import type_of
from terrafusion.jobs.rights import refusal
from terrafusion.jobs.states import ACTIVE, Status
from terrafusion.records.access import rights_of


def refused_here(job: AbstractJob, context: dict[str, Any]) -> ReadRefused | None:
    """``rights.refusal`` for the user of a serializer's request, whose rights are read once for all rows."""
    if "rights" not in context:
        request = context.get("request")
        context["rights"] = rights_of(request.user if request is not None else None)
    return refusal(job, context["rights"])


_ANY_JOB = "00000000-0000-0000-0000-000000000000"
"""Stands for a job's id in an address."""


@cache
def _path(route: str, prefix: str) -> str:
    """Of any job; ``prefix`` is that of the site, which Django sets for each request."""
    return reverse(route, args=[_ANY_JOB])


class Links(TypedDict):
    status: str
    results: str
    rerun: str
    cancel: str | None
    download: str | None
    files: str | None


def _only_reads(field: serializers.Field[Any, Any, Any, Any]) -> bool:
    """A value, and nothing that has fields of its own."""
    return field.read_only and not hasattr(field, "child") and not isinstance(field, serializers.BaseSerializer)


class JobStatusSerializer(serializers.Serializer[AbstractJob]):
    """The status object. A subclass adds its type column, and may define ``get_parameters``."""

    job_id = serializers.UUIDField(read_only=True)
    county_id = serializers.CharField(read_only=True)
    status = serializers.ChoiceField(choices=Status.choices, read_only=True)
    message = serializers.CharField(read_only=True)
    error_code = serializers.CharField(read_only=True, help_text="Stable code of the failure; empty without one.")
    retryable = serializers.SerializerMethodField(help_text="Whether a failed job may well succeed when rerun.")
    progress = serializers.IntegerField(read_only=True, min_value=0, max_value=100)
    attempt = serializers.IntegerField(read_only=True, help_text="How many times a worker has begun the job.")
    parameters = serializers.SerializerMethodField()
    rerun_of = serializers.UUIDField(source="rerun_of_id", read_only=True, allow_null=True)
    reused_from = serializers.UUIDField(
        source="reused_from_id",
        read_only=True,
        allow_null=True,
        help_text="The job that made the result, where an identical request had been answered before.",
    )
    schedule_id = serializers.UUIDField(
        read_only=True, allow_null=True, help_text="The schedule that submitted it; null where none did."
    )
    created_at = serializers.DateTimeField(read_only=True)
    updated_at = serializers.DateTimeField(read_only=True)
    started_at = serializers.DateTimeField(read_only=True, allow_null=True)
    completed_at = serializers.DateTimeField(read_only=True, allow_null=True)
    expires_at = serializers.DateTimeField(read_only=True, allow_null=True)
    links = serializers.SerializerMethodField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Plain copies of those that only read a value: being bound changes them themselves and nothing in them. DRF's
        own copies, which make each field anew, take as long as all that is shown."""
        return {
            name: copy.copy(field) if _only_reads(field) else copy.deepcopy(field)
            for name, field in self._declared_fields.items()
        }

    def get_retryable(self, job: AbstractJob) -> bool:
        kind = errors.known().get(job.error_code) if job.error_code else None
        return kind is not None and kind.retryable

    def get_parameters(self, job: AbstractJob) -> dict[str, Any]:
        parameters: dict[str, Any] = job.parameters
        return parameters

    def get_withheld_parameters(self, job: AbstractJob) -> dict[str, Any]:
        """What of the parameters those may see who may not read the result; for a plugin to override."""
        return {}

    def to_representation(self, instance: AbstractJob) -> dict[str, Any]:
        shown = super().to_representation(instance)
        if refused := refused_here(instance, self.context):
            shown["message"] = str(refused)
            shown["parameters"] = self.get_withheld_parameters(instance)
            shown["links"] = {**shown["links"], "download": None, "files": None}
        elif (request := self.context.get("request")) is not None:
            personal_data.record_read(request.user, instance)
        shown["parameters"] = {**shown["parameters"], **self._options(instance)}
        return shown

    def _options(self, job: AbstractJob) -> dict[str, Any]:
        request = self.context.get("request")
        own = request is not None and request.user.pk == job.submitted_by_id
        return job.options if own else options.for_others(job.options)

    def get_links(self, job: AbstractJob) -> Links:
        name, job_id, prefix = type_of(job).name, str(job.job_id), get_script_prefix()
        if (site := self.context.get("site")) is None:
            request = self.context.get("request")
            site = self.context["site"] = request.build_absolute_uri("/").rstrip("/") if request else ""

        def link(action: str) -> str:
            return f"{site}{_path(f'{name}:{action}', prefix)}".replace(_ANY_JOB, job_id)

        may_cancel = job.status in ACTIVE
        return Links(
            status=link("status"),
            results=link("results"),
            rerun=link("rerun"),
            cancel=link("cancel") if may_cancel else None,
            download=link("download") if job.result_file else None,
            files=link("files") if job.result_file else None,
        )


class JobResultSerializer(serializers.Serializer[AbstractJob]):
    """The ``result`` of a completed job. A subclass adds the plugin's own columns."""

    result_file_location = serializers.CharField(
        source="result_file",
        read_only=True,
        help_text="Name in storage; empty when there is none (any more).",
    )
    result_file_size_kb = serializers.SerializerMethodField()
    result_file_bytes = serializers.IntegerField(read_only=True, allow_null=True)
    result_file_sha256 = serializers.CharField(read_only=True)
    contains_personal_data = serializers.BooleanField(read_only=True)
    result_summary = serializers.SerializerMethodField()

    def get_result_file_size_kb(self, job: AbstractJob) -> float | None:
        return None if job.result_file_bytes is None else round(job.result_file_bytes / 1024, 3)

    def get_result_summary(self, job: AbstractJob) -> dict[str, Any]:
        summary: dict[str, Any] = job.result_summary
        return summary


def with_result(status: type[JobStatusSerializer], result: type[JobResultSerializer]) -> type[JobStatusSerializer]:
    """The serializer of ``results/{job_id}``: the status object and ``result``, null until COMPLETED, and for those who
    may not read it."""

    @extend_schema_field(result(allow_null=True))
    def get_result(self: Any, job: AbstractJob) -> Any:
        if job.status not in (Status.COMPLETED, Status.EXPIRED) or refused_here(job, self.context):
            return None
        return result(job, context=self.context).data

    name = status.__name__.removesuffix("Serializer").removesuffix("Status") + "ResultsSerializer"
    return type(name, (status,), {"result": serializers.SerializerMethodField(), "get_result": get_result})
