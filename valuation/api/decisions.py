"""Decisions about values over REST: what one may ask for, and the record of what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from terrafusion.api.fields import NameField, NamesField
from terrafusion.api.serializers import StrictSerializer
from valuation.decisions.asked import ALL, EVERYTHING, DecisionRequest, ValueSelection
from valuation.models import Decision, Step, ValuationJob
from valuation.values import made_by

_MAXIMUM = 2**53
_PREVIEW_FIRST = "Preview first: POST the same body to decisions/preview, whose answer gives token and count."
_TAKEN_BY = {
    "value": (Step.OVERRIDE, Step.CORRECT),
    "effective_date": (Step.CERTIFY,),
    "tax_year": (Step.CERTIFY,),
    "decision": (Step.REVOKE,),
}


_EVERYTHING = "everything"
_NAME_SOME = f'Say "{ALL}" to mean every value that is ready, or name parcels, neighborhoods or property_classes.'


@extend_schema_field(
    {
        "oneOf": [
            {"type": "string", "const": ALL},
            {
                "type": "object",
                "additionalProperties": False,
                "minProperties": 1,
                "properties": {
                    name: {"type": "array", "items": {"type": "string"}, "minItems": 1}
                    for name in ("parcels", "neighborhoods", "property_classes")
                },
            },
        ]
    }
)
class SelectionSerializer(StrictSerializer):
    """``"all"``, or at least one name. Validated to a ``ValueSelection``. A form says ``all`` by a box of its own."""

    others = (_EVERYTHING,)

    parcels = NamesField(required=False, max_length=50_000, help_text="Parcel numbers; each must be ready.")
    neighborhoods = NamesField(required=False, max_length=5_000)
    property_classes = NamesField(required=False, max_length=5_000)

    def get_value(self, dictionary: Mapping[str, Any]) -> object:
        if not isinstance(dictionary, QueryDict):
            return super().get_value(dictionary)
        own = _prefixed(dictionary, str(self.field_name))
        values = {name: field.get_value(own) for name, field in self.fields.items()}
        named = {name: value for name, value in values.items() if value is not empty and value}
        others = {name: own[name] for name in own if name not in self.fields}
        return ALL if others == {_EVERYTHING: ALL} and not named else {**named, **others}

    def get_initial(self) -> dict[str, Any]:
        """Of a form that is shown again: what was sent."""
        if self.initial == ALL:
            return {"everything": True}
        sent: Any = self.initial or {}
        return {name: ", ".join(names) for name, names in sent.items() if name in self.fields}

    def to_internal_value(self, data: object) -> ValueSelection:
        if data == ALL:
            return EVERYTHING
        if isinstance(data, str) or (isinstance(data, dict) and _EVERYTHING in data):
            raise serializers.ValidationError({"non_field_errors": [_NAME_SOME]})
        selection = super().to_internal_value(data)
        chosen: Any = {name: tuple(dict.fromkeys(names)) for name, names in selection.items() if names}
        if not chosen:
            raise serializers.ValidationError({"non_field_errors": [_NAME_SOME]})
        return ValueSelection(**chosen)


def _prefixed(sent: QueryDict, prefix: str) -> QueryDict:
    """The boxes of a nested form, by their own names."""
    own = QueryDict(mutable=True)
    for key in sent:
        if key.startswith(f"{prefix}."):
            own.setlist(key.removeprefix(f"{prefix}."), sent.getlist(key))
    return own


class DecisionRequestSerializer(StrictSerializer):
    """``validated_data["request"]`` is the checked ``DecisionRequest``; the context's ``job`` is what it is about."""

    step = NameField(Step.choices)
    selection = SelectionSerializer(
        help_text=f'"{ALL}", or an object with parcels, neighborhoods, property_classes.',
        style={"base_template": "selection.html"},
    )
    reason = serializers.CharField(max_length=2_000, help_text="Why, in words that stand in a hearing.")
    value = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=1,
        max_value=_MAXIMUM,
        help_text="To override or correct with (USD).",
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
    decision = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text="To revoke: the id of the decision."
    )

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        faults = {**self._unfitting(data), **self._missing(data)}
        decision = None
        if data["decision"] is not None and "decision" not in faults:
            decision = Decision.objects.filter(pk=data["decision"], job=made_by(self.context["job"])).first()
            if decision is None:
                faults["decision"] = ["The run has no such decision; GET decisions lists them."]
        if faults:
            raise serializers.ValidationError(faults)
        effective, tax_year = data["effective_date"], data["tax_year"]
        if data["step"] == Step.CERTIFY:
            effective = effective or self.context["job"].valuation_date
            tax_year = tax_year or effective.year
        given = (Step(data["step"]), data["selection"], data["reason"], data["value"], effective, tax_year, decision)
        return {**data, "request": DecisionRequest(*given)}

    def _unfitting(self, data: dict[str, Any]) -> dict[str, list[str]]:
        return {
            name: [f"Only {' and '.join(steps)} take this."]
            for name, steps in _TAKEN_BY.items()
            if data[name] is not None and data["step"] not in steps
        }

    def _missing(self, data: dict[str, Any]) -> dict[str, list[str]]:
        job: ValuationJob = self.context["job"]
        faults: dict[str, list[str]] = {}
        if data["step"] in _TAKEN_BY["value"]:
            if data["value"] is None:
                faults["value"] = ["Give the figure that is to stand, in dollars."]
            selection: ValueSelection = data["selection"]
            if len(selection.parcels) != 1 or selection.neighborhoods or selection.property_classes:
                faults["selection"] = [f"To {data['step']} takes one parcel: name it in parcels."]
        if data["step"] == Step.REVOKE and data["decision"] is None:
            faults["decision"] = ["Name the decision that is to be revoked; GET decisions lists them."]
        if data["effective_date"] is not None and data["effective_date"] < job.valuation_date:
            faults["effective_date"] = [f"The values are of {job.valuation_date}: they cannot hold before that."]
        return faults


class ConfirmedDecisionSerializer(DecisionRequestSerializer):
    """The same body that was previewed, with what the preview gave."""

    token = serializers.CharField(
        max_length=1_000, help_text="The token of the preview.", error_messages={"required": _PREVIEW_FIRST}
    )
    count = serializers.IntegerField(
        min_value=1, help_text="How many values the preview counted.", error_messages={"required": _PREVIEW_FIRST}
    )


class ChangeSerializer(serializers.Serializer[Any]):
    parcel_number = serializers.CharField()
    before = serializers.IntegerField(allow_null=True)
    after = serializers.IntegerField(allow_null=True)
    change = serializers.IntegerField()


class SkippedSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(help_text="A stable code.")
    text = serializers.CharField()
    count = serializers.IntegerField()


class PreviewSerializer(serializers.Serializer[Any]):
    """What the decision would do. Dollars; ``compares`` says what is before and after."""

    count = serializers.IntegerField(help_text="Values that it would be about.")
    compares = serializers.CharField()
    total_before = serializers.IntegerField()
    total_after = serializers.IntegerField()
    without_before = serializers.IntegerField(help_text="How many of these have no figure before.")
    increased = serializers.IntegerField()
    decreased = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    largest_changes = ChangeSerializer(many=True)
    skipped = SkippedSerializer(many=True, help_text="Values of the selection that it would not be about, and why.")
    token = serializers.CharField(help_text="Send it with the same body and the count to make the decision.")
    expires_at = serializers.DateTimeField()


class StandingSerializer(serializers.Serializer[Any]):
    """The values of a run in one state."""

    state = serializers.CharField()
    count = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True, help_text="US dollars.")


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
            "revokes",
        ]
        read_only_fields = fields

    @extend_schema_field({"oneOf": [{"type": "string", "const": "all"}, {"type": "object"}]})
    def get_selection(self, decision: Decision) -> Any:
        return decision.selection
