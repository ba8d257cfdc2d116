"""Values of a run, parcel by parcel: the list, and what may be asked of it."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.drainage import set_override
from rest_framework import serializers
from rest_framework.reverse import reverse

from terrafusion.api.filters import BooleanFilter
from valuation import flags
from valuation.models import PropertyValuation, State


class FlagSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    meaning = serializers.CharField()


class ProposedValueSerializer(serializers.ModelSerializer[PropertyValuation]):
    """One line of the list; ``sheet`` has the whole."""

    change = serializers.SerializerMethodField(help_text="The figure that stands less the previous value.")
    change_percent = serializers.SerializerMethodField()
    flags = serializers.SerializerMethodField()
    land_value = serializers.IntegerField(source="stands_land", read_only=True, allow_null=True)
    improvement_value = serializers.IntegerField(source="stands_improvement", read_only=True, allow_null=True)
    sheet = serializers.SerializerMethodField()

    class Meta:
        model = PropertyValuation
        fields = [
            "parcel_number",
            "property_class",
            "neighborhood",
            "value",
            "value_low",
            "value_high",
            "land_value",
            "land_source",
            "improvement_value",
            "previous_value",
            "change",
            "change_percent",
            "flags",
            "state",
            "override_value",
            "effective_date",
            "tax_year",
            "sheet",
        ]
        read_only_fields = fields

    def get_change(self, row: PropertyValuation) -> int | None:
        if row.stands is None or row.previous_value is None:
            return None
        return row.stands - row.previous_value

    def get_change_percent(self, row: PropertyValuation) -> float | None:
        change = self.get_change(row)
        return None if change is None or not row.previous_value else round(100 * change / row.previous_value, 1)

    def get_flags(self, row: PropertyValuation) -> list[dict[str, str]]:
        return flags.described(row.flags)

    def get_sheet(self, row: PropertyValuation) -> str:
        # The job is the one that was asked for: a run that shares another's rows leads back to itself.
        arguments = [self.context["job_id"], row.parcel_number]
        return reverse("valuation:sheet", args=arguments, request=self.context["request"])


def _yes_no(label: str, column: str, method: str) -> BooleanFilter:
    """A question that is no column of its own."""
    asked = BooleanFilter(field_name=column, method=method, label=label)
    set_override(asked, "field", {"type": "boolean", "description": label})  # as extend_schema_field does to classes
    return asked


class ValueFilterSet(django_filters.FilterSet):
    parcel_number = django_filters.CharFilter(label="Parcel number")
    neighborhood = django_filters.CharFilter(label="Neighborhood")
    property_class = django_filters.CharFilter(label="Class")
    state = django_filters.ChoiceFilter(choices=State.choices, label="State")
    flag = django_filters.CharFilter(field_name="flags", lookup_expr="contains", method="with_flag", label="Flag")
    flagged = _yes_no("With any flag", "flags", "is_flagged")
    valued = _yes_no("With a value", "value", "is_valued")
    value_gte = django_filters.NumberFilter(field_name="value", lookup_expr="gte", label="Value (USD), at least")
    value_lte = django_filters.NumberFilter(field_name="value", lookup_expr="lte", label="Value (USD), at most")

    class Meta:
        model = PropertyValuation
        fields: list[str] = []

    def with_flag(self, rows: QuerySet[Any], name: str, code: str) -> QuerySet[Any]:
        return rows.filter(flags__contains=[code])

    def is_flagged(self, rows: QuerySet[Any], name: str, wanted: bool) -> QuerySet[Any]:
        return rows.exclude(flags=[]) if wanted else rows.filter(flags=[])

    def is_valued(self, rows: QuerySet[Any], name: str, wanted: bool) -> QuerySet[Any]:
        return rows.filter(value__isnull=not wanted)
