"""The request and the plugin's additions to status and result."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from terrafusion.jobs.serializers import CountyField, JobResultSerializer, JobStatusSerializer
from tests.dummy_plugin.models import DummyJob


class DummyRunSerializer(serializers.Serializer[DummyJob]):
    county_id = CountyField()
    flavour = serializers.ChoiceField(choices=DummyJob.Flavour.choices)
    parameters = serializers.DictField(required=False, default=dict)

    def create(self, validated_data: dict[str, Any]) -> DummyJob:
        county = validated_data.pop("county_id")
        return DummyJob(county=county, message="Dummy job accepted and queued.", **validated_data)


class DummyStatusSerializer(JobStatusSerializer):
    flavour = serializers.ChoiceField(choices=DummyJob.Flavour.choices, read_only=True)


class DummyResultSerializer(JobResultSerializer):
    lines_written = serializers.IntegerField(read_only=True)
