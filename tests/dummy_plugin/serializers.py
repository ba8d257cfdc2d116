"""The request and the plugin's additions to status and result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from terrafusion.jobs.api.serializers import JobResultSerializer, JobStatusSerializer
from terrafusion.jobs.request import AreaField, Faults, ParametersField, RunSerializer
from terrafusion.records.access import Role
from terrafusion.records.api.county import CountyField
from tests.dummy_plugin.models import DummyJob
from tests.dummy_plugin.request import PARAMETERS, DummyRequest, build


class DummyRunSerializer(RunSerializer):
    county_id = CountyField(at_least=Role.ANALYST)
    flavour = serializers.ChoiceField(choices=DummyJob.Flavour.choices)
    area_of_interest = AreaField()
    parameters = ParametersField(PARAMETERS)

    def build(self, members: Mapping[str, Any], faults: Faults) -> DummyRequest | None:
        return build(members, self.user, faults)


class DummyStatusSerializer(JobStatusSerializer):
    flavour = serializers.ChoiceField(choices=DummyJob.Flavour.choices, read_only=True)


class DummyResultSerializer(JobResultSerializer):
    lines_written = serializers.IntegerField(read_only=True)
