"""What ``parameters`` of a run may say, by method; each fault is reported under its name."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from terrafusion.jobs.serializers import JobParametersSerializer
from terrafusion.records.sales.rules import RuleFaults, Rules
from valuation.models import Method
from valuation.study_terms import CURRENT, PropertyKind

_MOST_SEED = 2**31 - 1


class RulesField(serializers.JSONField):
    """Sales screening that differs from the county's; kept as it was given."""

    def to_internal_value(self, data: Any) -> Any:
        given = super().to_internal_value(data)
        try:
            Rules.parse(given)
        except RuleFaults as faults:
            raise serializers.ValidationError(
                {name or "non_field_errors": [told] for name, told in faults.faults.items()}
            ) from None
        return given


class ParametersSerializer(JobParametersSerializer):
    """What every method takes."""

    screening = RulesField(required=False, help_text='Sales screening beside the county\'s, as {"min_price": 50000}.')
    seed = serializers.IntegerField(default=0, min_value=0, max_value=_MOST_SEED, help_text="Of all that is random.")


class ValuingSerializer(ParametersSerializer):
    confidence = serializers.FloatField(
        default=0.90, min_value=0.5, max_value=0.99, help_text="Of the intervals: 0.9 holds nine prices of ten."
    )


class ComparingSerializer(ValuingSerializer):
    comparables = serializers.IntegerField(
        default=8, min_value=3, max_value=12, help_text="Comparable sales that a value rests on."
    )


class CostSerializer(ValuingSerializer):
    calibrate = serializers.BooleanField(
        default=False, help_text="Bring cost to the level of the county's sales, by class and neighborhood."
    )


class ModelledSerializer(ValuingSerializer):
    comparables = serializers.IntegerField(
        default=5, min_value=0, max_value=12, help_text="Comparable sales shown with each parcel; 0 for none."
    )
    model = serializers.UUIDField(
        default=None, allow_null=True, help_text="A trained model of the county and date to use again (GET models)."
    )


class ReconciledSerializer(ModelledSerializer, CostSerializer):
    """All that the approaches take."""


class StudySerializer(ParametersSerializer):
    values = serializers.CharField(
        default=CURRENT,
        max_length=36,
        help_text="Whose values are studied: current (the roll's), certified, or the id of a valuation job.",
    )
    sales_from = serializers.DateField(
        default=None,
        allow_null=True,
        help_text="Sales from this day on; default: the valuation date, or the year before it where no sale is later.",
    )
    sales_to = serializers.DateField(default=None, allow_null=True, help_text="Sales up to this day; default: all.")
    property_kind = serializers.ChoiceField(
        default=None,
        allow_null=True,
        choices=[kind.value for kind in PropertyKind],
        help_text="Decides which COD the IAAO accepts; without it, the kind of each class does (see the county's "
        "setting assessment_classes).",
    )

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if data["sales_from"] and data["sales_to"] and data["sales_from"] > data["sales_to"]:
            raise serializers.ValidationError({"sales_to": ["This is before sales_from."]})
        return data


BY_METHOD: dict[str, type[ParametersSerializer]] = {
    Method.MASS_APPRAISAL: ModelledSerializer,
    Method.SALES_COMPARISON: ComparingSerializer,
    Method.COST: CostSerializer,
    Method.INCOME: ValuingSerializer,
    Method.RECONCILED: ReconciledSerializer,
    Method.RATIO_STUDY: StudySerializer,
}


def plain(found: dict[str, Any]) -> dict[str, Any]:
    """Checked parameters as JSON keeps them."""
    kept = (int, float, dict, type(None))
    return {name: value if isinstance(value, kept) else str(value) for name, value in found.items()}
