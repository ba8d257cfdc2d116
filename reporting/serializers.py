"""Report jobs over REST."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from reporting import request as requests
from reporting.models import ReportJob
from reporting.render.formats import FORMATS
from reporting.reports import registry
from reporting.reports.base import Request
from terrafusion.api.fields import ObjectField, OptionalJSONField
from terrafusion.areas import saved
from terrafusion.jobs import options
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.serializers import CountyField, JobResultSerializer, JobRunSerializer, JobStatusSerializer
from terrafusion.records.access import Role, may_see_personal_data

_AREA_HELP = "Empty for the whole county; docs/user/areas.md describes what an area can be."
_PARAMETERS_HELP = "Those of the report type: GET types lists them, docs/user/reports.md describes each."


@extend_schema_field({"type": "object", "additionalProperties": True, "properties": options.SCHEMA})
class ParametersField(ObjectField):
    """What is wrong with its members is reported by the report type."""


class AreaField(OptionalJSONField):
    """Any JSON: what is wrong with it is reported by ``terrafusion.areas``."""


class ReportRequestSerializer(JobRunSerializer):
    """The body of ``run`` and ``preview``. ``validated_data["request"]`` is the checked ``Request``."""

    report_type = serializers.ChoiceField(choices=[(name, report.title) for name, report in registry.ALL.items()])
    county_id = CountyField(at_least=Role.ANALYST, help_text="The county's id.")
    format = serializers.ChoiceField(
        choices=[(name, made.title) for name, made in FORMATS.items()], default="pdf", help_text="Of the file."
    )
    area_of_interest = AreaField(
        required=False, allow_null=True, default=None, help_text=_AREA_HELP, style={"base_template": "textarea.html"}
    )
    parameters = ParametersField(
        required=False, default=dict, initial=dict, help_text=_PARAMETERS_HELP, style={"base_template": "textarea.html"}
    )

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        county, user = data["county_id"], self.context["request"].user
        try:
            data["request"] = requests.check(
                county,
                data["report_type"],
                data["format"],
                data["area_of_interest"],
                data["parameters"],
                user=user,
                personal=may_see_personal_data(user, county.pk),
            )
        except requests.RequestFaults as found:
            raise serializers.ValidationError(found.faults) from None
        return data


class ReportRunSerializer(ReportRequestSerializer):
    """Makes an unsaved job of a request."""

    def create(self, validated_data: dict[str, Any]) -> Any:
        wanted: Request = validated_data["request"]
        return ReportJob(
            county=wanted.county,
            report_type=wanted.report_type,
            format=wanted.format,
            area_as_submitted=validated_data["area_of_interest"],
            **saved.columns(wanted.area),
            parameters=validated_data["parameters"],
            resolved=wanted.values,
            estimated_rows=registry.ALL[wanted.report_type].estimate(wanted),
            message="Report job accepted and queued.",
        )


class ReportStatusSerializer(JobStatusSerializer):
    report_type = serializers.CharField(read_only=True)
    format = serializers.CharField(read_only=True)

    def get_parameters(self, job: AbstractJob) -> dict[str, Any]:
        assert isinstance(job, ReportJob)  # noqa: S101 - for the type checker
        return {**job.parameters, "area_of_interest": job.area_as_submitted}


class ReportResultSerializer(JobResultSerializer):
    pages = serializers.IntegerField(read_only=True, allow_null=True)


class ReportParameterSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    help = serializers.CharField()
    required = serializers.BooleanField()  # type: ignore[assignment]  # a field may be called as one of Field's own
    default = serializers.JSONField(help_text="Null where there is none.")
    choices = serializers.ListField(child=serializers.CharField(), help_text="Empty for anything of its type.")


class ReportTypeSerializer(serializers.Serializer[Any]):
    """What can be asked for."""

    report_type = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    takes_area = serializers.BooleanField()
    formats = serializers.ListField(child=serializers.CharField())
    parameters = ReportParameterSerializer(many=True)
