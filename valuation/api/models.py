"""Trained models over REST."""

from __future__ import annotations

from typing import Any

import django_filters
from rest_framework import serializers

from valuation.models import ValuationModel

_OVERALL = ("sales", "from", "to", "coverage", "overall", "trimmed")


class ModelSerializer(serializers.ModelSerializer[ValuationModel]):
    """A line of the list: of the evaluation the figures of all sales, not those of each class and neighborhood."""

    whole = False
    metrics = serializers.SerializerMethodField(help_text="Its performance on holdout sales.")

    class Meta:
        model = ValuationModel
        fields = [
            "id",
            "county_id",
            "job_id",
            "method",
            "valuation_date",
            "sales",
            "seed",
            "parameters",
            "metrics",
            "software",
            "data_version",
            "data_as_of",
            "artefact_sha256",
            "artefact_bytes",
            "created_at",
        ]
        read_only_fields = fields

    def get_metrics(self, model: ValuationModel) -> dict[str, Any]:
        return {name: value for name, value in model.metrics.items() if self.whole or name in _OVERALL}


class ModelCardSerializer(ModelSerializer):
    """With what it looks at, its whole evaluation, and all else that its card shows."""

    whole = True

    class Meta(ModelSerializer.Meta):
        fields = [*ModelSerializer.Meta.fields, "features", "card"]


class ModelFilterSet(django_filters.FilterSet):
    county_id = django_filters.CharFilter(field_name="county_id", label="County")
    method = django_filters.CharFilter(label="Method")
    valuation_date = django_filters.DateFilter(label="Valuation date")

    class Meta:
        model = ValuationModel
        fields: list[str] = []
