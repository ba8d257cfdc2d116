"""Market analyses over REST."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from market_analysis import request as requests
from market_analysis.catalogue import ANALYSES, STEPS, Analysis
from market_analysis.errors import RequestFaults
from market_analysis.models import MarketAnalysisJob
from market_analysis.request import SCREENING, MarketRequest
from market_analysis.sales import estimate
from terrafusion.api.fields import NamesField, ObjectField, OptionalJSONField
from terrafusion.jobs import options
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.serializers import CountyField, JobResultSerializer, JobRunSerializer, JobStatusSerializer
from terrafusion.records.access import Role
from terrafusion.records.county_time import today

_BOX = {"base_template": "textarea.html"}
_AREA_HELP = "Empty for the whole county, or an area as in docs/user/areas.md, of which the sales are taken."
_GEOGRAPHY_HELP = (
    "What the sales are grouped by: county, neighborhood, zoning, a reference layer of polygons, layer.field, or "
    "hexgrid:<meters>, with the side of the hexagons."
)
_SCREENING = {
    "type": "object",
    "description": "Rules of sales screening that differ from the county's, as docs/user/market-analysis.md lists.",
}
_PARAMETERS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        **{
            parameter.name: {**parameter.schema(), "description": parameter.help}
            for analysis in ANALYSES.values()
            for parameter in analysis.parameters
        },
        SCREENING: _SCREENING,
        **options.SCHEMA,
    },
}
_DAY = {"type": ["string", "null"], "format": "date"}
_PERIOD = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"from": _DAY, "to": _DAY, "step": {"type": "string", "enum": list(STEPS)}},
}


@extend_schema_field(_PARAMETERS)
class MarketParametersField(ObjectField):
    """What is wrong with its members is reported by ``market_analysis.request``."""


@extend_schema_field(_PERIOD)
class PeriodField(ObjectField):
    """``from`` and ``to``, both included, and ``step``."""


class MarketAnalysisRunSerializer(JobRunSerializer):
    """Makes an unsaved job of a request."""

    analysis_type = serializers.ChoiceField(choices=list(ANALYSES), help_text="GET analyses describes each.")
    county_id = CountyField(at_least=Role.ANALYST, help_text="The county's id.")
    geography = serializers.CharField(required=False, default="county", max_length=80, help_text=_GEOGRAPHY_HELP)
    period = PeriodField(
        required=False,
        default=dict,
        initial=dict,
        style=_BOX,
        help_text='Such as {"from": "2010-01-01", "to": "2016-12-31", "step": "month"}; all sales by month without.',
    )
    property_class = NamesField(
        required=False, default=list, allow_empty=True, max_length=50, help_text="Classes of parcels; all without."
    )
    area_of_interest = OptionalJSONField(
        required=False, allow_null=True, default=None, help_text=_AREA_HELP, style=_BOX
    )
    parameters = MarketParametersField(
        required=False,
        default=dict,
        initial=dict,
        style=_BOX,
        help_text="Those of the analysis, and screening; docs/user/market-analysis.md describes each.",
    )

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        user = self.context["request"].user
        try:
            data["request"] = requests.check(data["county_id"], data, today(data["county_id"]), user)
        except RequestFaults as found:
            raise serializers.ValidationError(found.faults) from None
        return data

    def create(self, validated_data: dict[str, Any]) -> MarketAnalysisJob:
        wanted: MarketRequest = validated_data["request"]
        return MarketAnalysisJob(
            **requests.columns(wanted),
            area_as_submitted=validated_data["area_of_interest"],
            parameters=validated_data["parameters"],
            estimated_sales=estimate(wanted),
            message=" ".join(["Market analysis job accepted and queued.", *wanted.notes]),
        )


class MarketAnalysisStatusSerializer(JobStatusSerializer):
    analysis_type = serializers.CharField(read_only=True)
    geography = serializers.CharField(read_only=True)

    def get_parameters(self, job: AbstractJob) -> dict[str, Any]:
        assert isinstance(job, MarketAnalysisJob)  # noqa: S101 - for the type checker
        return {
            **job.parameters,
            "period": {"from": job.period_from, "to": job.period_to, "step": job.period_step},
            "property_class": job.property_classes,
            "area_of_interest": job.area_as_submitted,
        }


class MarketAnalysisResultSerializer(JobResultSerializer):
    sales_used = serializers.IntegerField(read_only=True, allow_null=True)


class AnalysisSerializer(serializers.Serializer[Analysis]):
    """What an analysis answers and takes."""

    name = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    description = serializers.CharField(read_only=True)
    compares_places = serializers.BooleanField(source="several_places", read_only=True)
    layer = serializers.SerializerMethodField(help_text="The layer that its latest result fills, for exports.")
    parameters = serializers.SerializerMethodField()

    def get_layer(self, analysis: Analysis) -> str | None:
        return f"market_{analysis.name}" if analysis.areas else None

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_parameters(self, analysis: Analysis) -> list[dict[str, Any]]:
        return [
            {"name": one.name, "default": one.default, "description": one.help, "schema": one.schema()}
            for one in analysis.parameters
        ]
