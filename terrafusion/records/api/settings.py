"""A county's settings over REST: every one of them, with the checks of the admin."""

from __future__ import annotations

import copy
from typing import Any

from rest_framework import serializers

from terrafusion.api.serializers import KnownKeys
from terrafusion.records import settings_validators
from terrafusion.records.models import SETTINGS, CountySettings


class CountySettingsSerializer(KnownKeys, serializers.ModelSerializer[CountySettings]):
    """For a change it is given the stored row and, with ``partial``, the settings that change."""

    allowed_formats = serializers.ListField(
        child=serializers.CharField(), help_text="Export formats that may be asked for; empty means all."
    )
    format_limits = serializers.DictField(help_text="Most records and bytes of one export, by format.")
    default_parameters = serializers.DictField(help_text="Export parameters used where a request does not give them.")
    sales_screening = serializers.DictField(help_text="Screening rules that differ from the platform's.")
    monotone_characteristics = serializers.DictField(
        child=serializers.ChoiceField(["rising", "falling"]),
        help_text="Characteristics with which values may only rise, or only fall, as more never counts against a home.",
    )
    land_shares = serializers.DictField(
        child=serializers.FloatField(min_value=0, max_value=1),
        help_text="By class: the land's share of a value where neither a land table nor sales show the land's value.",
    )

    class Meta:
        model = CountySettings
        fields = ["county_id", *SETTINGS]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        candidate = copy.copy(self.instance) if isinstance(self.instance, CountySettings) else CountySettings()
        for name, value in attrs.items():
            setattr(candidate, name, value)
        if faults := settings_validators.faults(candidate):
            raise serializers.ValidationError({name: [message] for name, message in faults.items()})
        return attrs
