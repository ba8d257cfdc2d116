"""Trained models over REST."""

from __future__ import annotations

import django_filters
from rest_framework import serializers

from valuation.models import ValuationModel


class ModelSerializer(serializers.ModelSerializer[ValuationModel]):
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


class ModelCardSerializer(ModelSerializer):
    """With what it looks at, and all else that its card tells."""

    class Meta(ModelSerializer.Meta):
        fields = [*ModelSerializer.Meta.fields, "features", "card"]


class ModelFilterSet(django_filters.FilterSet):
    county_id = django_filters.CharFilter(field_name="county_id", label="County")
    method = django_filters.CharFilter(label="Method")
    valuation_date = django_filters.DateFilter(label="Valuation date")

    class Meta:
        model = ValuationModel
        fields: list[str] = []
