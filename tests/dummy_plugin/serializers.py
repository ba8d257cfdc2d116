"""The request and the plugin's additions to status and result."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from terrafusion.jobs.api.serializers import JobResultSerializer, JobStatusSerializer
from terrafusion.jobs.request import JobParametersSerializer, JobRunSerializer
from terrafusion.records.access import Role
from terrafusion.records.api.county import CountyField
from tests.dummy_plugin.models import DummyJob


class DummyParameters(JobParametersSerializer):
    lines = serializers.IntegerField(required=False)
    long = serializers.BooleanField(required=False)
    seconds = serializers.FloatField(required=False)
    deaf_seconds = serializers.FloatField(required=False)
    query_seconds = serializers.FloatField(required=False)
    crash_attempts = serializers.IntegerField(required=False)
    no_file = serializers.BooleanField(required=False)

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "raise": serializers.CharField(required=False)}  # a word of Python


class DummyRunSerializer(JobRunSerializer):
    county_id = CountyField(at_least=Role.ANALYST)
    flavour = serializers.ChoiceField(choices=DummyJob.Flavour.choices)
    parameters = DummyParameters(required=False, default=dict)

    def create(self, validated_data: dict[str, Any]) -> DummyJob:
        county = validated_data.pop("county_id")
        return DummyJob(county=county, message="Dummy job accepted and queued.", **validated_data)


class DummyStatusSerializer(JobStatusSerializer):
    flavour = serializers.ChoiceField(choices=DummyJob.Flavour.choices, read_only=True)


class DummyResultSerializer(JobResultSerializer):
    lines_written = serializers.IntegerField(read_only=True)
