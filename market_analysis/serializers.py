"""Market analyses over REST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from market_analysis.catalogue import ANALYSES, Analysis
from market_analysis.models import MarketAnalysisJob
from market_analysis.request import PERIOD, MarketRequest, build
from terrafusion.api.fields import NameField, NamesField, ObjectField
from terrafusion.jobs.api.serializers import JobResultSerializer, JobStatusSerializer
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.request import (
    SCREENING,
    AreaField,
    Faults,
    ParameterSerializer,
    ParametersField,
    RunSerializer,
    object_schema,
)
from terrafusion.records.access import Role
from terrafusion.records.api.county import CountyField

_AREA_HELP = "Empty for the whole county, or an area (docs/user/areas.md); the sales inside it are analyzed."
_GEOGRAPHY_HELP = (
    "What the sales are grouped by: county, neighborhood, zoning, a reference layer of polygons, layer.field, or "
    "hexgrid:<meters>, with the side of the hexagons."
)


@extend_schema_field(object_schema(PERIOD))
class PeriodField(ObjectField):
    """``from`` and ``to``, both included, and ``step``."""


class MarketAnalysisRunSerializer(RunSerializer):
    analysis_type = NameField(choices=list(ANALYSES), help_text="A name from GET analyses.")
    county_id = CountyField(at_least=Role.ANALYST, help_text="The county's id.")
    geography = serializers.CharField(required=False, default="county", max_length=80, help_text=_GEOGRAPHY_HELP)
    period = PeriodField(
        required=False,
        default=dict,
        initial=dict,
        style={"base_template": "textarea.html"},
        help_text='Such as {"from": "2010-01-01", "to": "2016-12-31", "step": "month"}; all sales by month without.',
    )
    property_class = NamesField(
        required=False, default=list, allow_empty=True, max_length=50, help_text="Classes of parcels; all without."
    )
    area_of_interest = AreaField(help_text=_AREA_HELP)
    parameters = ParametersField(
        [SCREENING],
        *(analysis.parameters for analysis in ANALYSES.values()),
        help_text="Parameters of the analysis, and screening; see docs/user/market-analysis.md.",
    )

    def build(self, members: Mapping[str, Any], faults: Faults) -> MarketRequest | None:
        return build(members, self.user, faults)


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
    parameters = ParameterSerializer(many=True, read_only=True)

    def get_layer(self, analysis: Analysis) -> str | None:
        return f"market_{analysis.name}" if analysis.areas else None
