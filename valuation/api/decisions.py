"""Decisions about values over REST: what one may ask for, and the record of what was decided."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from terrafusion.api.fields import NamesField
from valuation.decide import Selection, Wish
from valuation.models import Decision, Step, ValuationJob

_MOST = 2**53


class SelectionSerializer(serializers.Serializer[Any]):
    """Each may be left out; without any, all values that are ready for the step are meant."""

    parcels = NamesField(required=False, max_length=50_000, help_text="Parcel numbers; each must be ready.")
    neighborhoods = NamesField(required=False, max_length=5_000)
    property_classes = NamesField(required=False, max_length=5_000)


class DecisionRequestSerializer(serializers.Serializer[Any]):
    """``validated_data["wish"]`` is the checked ``decide.Wish``; the context's ``job`` is what it is about."""

    step = serializers.ChoiceField(Step.choices)
    selection = SelectionSerializer(required=False, default=dict)
    reason = serializers.CharField(max_length=2_000, help_text="Why, in words that stand in a hearing.")
    value = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=_MOST, help_text="To override with (USD)."
    )
    effective_date = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="To certify for; default: the valuation date."
    )
    tax_year = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=1500,
        max_value=2200,
        help_text="To certify for; default: the year of the effective date.",
    )

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        job: ValuationJob = self.context["job"]
        step = Step(data["step"])
        chosen = {name: tuple(dict.fromkeys(names)) for name, names in data["selection"].items() if names}
        selection = Selection(**chosen)
        effective, tax_year = data["effective_date"], data["tax_year"]
        faults: dict[str, list[str]] = {}
        if step == Step.OVERRIDE:
            if data["value"] is None:
                faults["value"] = ["Give the figure that is to stand, in dollars."]
            if len(selection.parcels) != 1 or len(chosen) != 1:
                faults["selection"] = ["An override is of one parcel: name it in parcels."]
        elif data["value"] is not None:
            faults["value"] = ["Only an override takes a value."]
        if step == Step.CERTIFY:
            effective = effective or job.valuation_date
            tax_year = tax_year or effective.year
            if effective < job.valuation_date:
                faults["effective_date"] = [f"The values are of {job.valuation_date}: they cannot hold before that."]
        else:
            for name in ("effective_date", "tax_year"):
                if data[name] is not None:
                    faults[name] = ["Only certifying takes this."]
        if faults:
            raise serializers.ValidationError(faults)
        return {"wish": Wish(step, selection, data["reason"], data["value"], effective, tax_year)}


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    """The record of a decision."""

    decided_by = serializers.CharField(source="decided_by.username", read_only=True)
    selection = serializers.SerializerMethodField()

    class Meta:
        model = Decision
        fields = [
            "id",
            "county_id",
            "job_id",
            "step",
            "decided_by",
            "decided_at",
            "reason",
            "selection",
            "effective_date",
            "tax_year",
            "parcels",
        ]
        read_only_fields = fields

    @extend_schema_field({"oneOf": [{"type": "string", "const": "all"}, {"type": "object"}]})
    def get_selection(self, decision: Decision) -> Any:
        return decision.selection
