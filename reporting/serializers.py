"""Report jobs over REST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from reporting.models import ReportJob
from reporting.render.formats import FORMATS
from reporting.reports import registry
from reporting.reports.base import Report, Request
from reporting.request import build
from terrafusion.api.fields import NameField
from terrafusion.jobs.api.serializers import JobResultSerializer, JobStatusSerializer
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.request import AreaField, Faults, ParameterSerializer, ParametersField, RunSerializer
from terrafusion.records.access import Role
from terrafusion.records.api.county import CountyField


class ReportRunSerializer(RunSerializer):
    """The body of ``run`` and ``preview``."""

    report_type = NameField(choices=[(name, report.title) for name, report in registry.ALL.items()])
    county_id = CountyField(at_least=Role.ANALYST, help_text="The county's id.")
    format = NameField(
        choices=[(name, made.title) for name, made in FORMATS.items()], default="pdf", help_text="Format of the file."
    )
    area_of_interest = AreaField(help_text="Empty for the whole county, or an area (docs/user/areas.md).")
    parameters = ParametersField(
        *(report.parameters for report in registry.ALL.values()),
        help_text="Parameters of the report type: GET types lists them; see docs/user/reports.md.",
    )

    def build(self, members: Mapping[str, Any], faults: Faults) -> Request | None:
        return build(members, self.user, faults)


class ReportStatusSerializer(JobStatusSerializer):
    report_type = serializers.CharField(read_only=True)
    format = serializers.CharField(read_only=True)

    def get_parameters(self, job: AbstractJob) -> dict[str, Any]:
        assert isinstance(job, ReportJob)  # noqa: S101 - for the type checker
        return {**job.parameters, "area_of_interest": job.area_as_submitted}


class ReportResultSerializer(JobResultSerializer):
    pages = serializers.IntegerField(read_only=True, allow_null=True)


class ReportTypeSerializer(serializers.Serializer[Report]):
    """What can be asked for."""

    report_type = serializers.CharField(source="name")
    title = serializers.CharField()
    description = serializers.CharField()
    takes_area = serializers.BooleanField()
    formats = serializers.SerializerMethodField()
    parameters = ParameterSerializer(many=True)

    def get_formats(self, report: Report) -> list[str]:
        return list(FORMATS)
