"""The shape of a parcel's sheet, for the schema."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from valuation.api.values import FlagSerializer


class IntervalSerializer(serializers.Serializer[Any]):
    low = serializers.IntegerField()
    high = serializers.IntegerField()
    confidence = serializers.FloatField(help_text="0.9: nine of ten prices lie between.")


class ApproachSerializer(serializers.Serializer[Any]):
    approach = serializers.CharField()
    value = serializers.IntegerField(required=False)
    low = serializers.IntegerField(required=False)
    high = serializers.IntegerField(required=False)
    weight = serializers.FloatField(required=False, help_text="Its share in the value, 0 to 1.")
    flags = FlagSerializer(many=True)
    refused = FlagSerializer(required=False, help_text="Why the approach gives no value.")
    lines = serializers.DictField(required=False, help_text="Its calculation, line by line.")


class AdjustmentSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    subject = serializers.JSONField(help_text="The parcel's value; null where it is not one figure.")
    comparable = serializers.JSONField(help_text="The comparable's value.")
    amount = serializers.IntegerField(help_text="Dollars added to the comparable's price.")
    rate = serializers.FloatField(
        allow_null=True, help_text="Dollars per unit, the subject's less the comparable's; null where there is no rate."
    )
    rate_error = serializers.FloatField(allow_null=True, help_text="Standard error of the rate, in dollars per unit.")
    per = serializers.CharField(allow_null=True, help_text="The unit of the rate, such as sq ft.")
    source = serializers.CharField(help_text="Where the size of the adjustment comes from.")  # type: ignore[assignment]


class ComparableSerializer(serializers.Serializer[Any]):
    rank = serializers.IntegerField()
    sale = serializers.IntegerField(help_text="The sale's address is sales/{sale}.")
    parcel_number = serializers.CharField()
    situs_address = serializers.CharField()
    sale_date = serializers.DateField()
    sale_price = serializers.IntegerField()
    distance_m = serializers.IntegerField(allow_null=True)
    similarity = serializers.FloatField(help_text="0 to 100.")
    time_factor = serializers.FloatField(help_text="Brings the price to the valuation date.")
    time_adjusted_price = serializers.IntegerField()
    adjustments = AdjustmentSerializer(many=True)
    net_adjustment = serializers.IntegerField()
    gross_adjustment = serializers.IntegerField()
    beyond_guideline = serializers.BooleanField(
        required=False, help_text="Net adjustments are above 15 % of the price, or gross ones above 25 %."
    )
    adjusted_price = serializers.IntegerField()
    weight = serializers.FloatField()


class RateBandSerializer(serializers.Serializer[Any]):
    percent = serializers.FloatField(help_text="Percent of the price for a unit more.")
    error = serializers.FloatField(help_text="Standard error of the percent.")
    rate = serializers.FloatField(allow_null=True, help_text="Dollars for a unit more, at the sheet's price level.")
    rate_error = serializers.FloatField(allow_null=True, help_text="Standard error of the rate, in dollars.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        ends = {
            "from": serializers.JSONField(help_text="Where the size band begins: a number, or a grade in words."),
            "to": serializers.JSONField(help_text="Where it ends."),
        }
        return ends | super().get_fields()


class RatesSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    per = serializers.CharField(help_text="The unit, such as sq ft.")
    bands = RateBandSerializer(many=True)


class ExplainedSerializer(serializers.Serializer[Any]):
    approach = serializers.CharField()
    value = serializers.IntegerField()


class ReasonSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    amount = serializers.IntegerField(help_text="Dollars; all of them add up to the model's value.")


class SheetDecisionSerializer(serializers.Serializer[Any]):
    step = serializers.CharField()
    by = serializers.CharField()
    at = serializers.DateTimeField()
    reason = serializers.CharField()
    value_before = serializers.IntegerField(allow_null=True)
    value_after = serializers.IntegerField(allow_null=True)


class SheetSerializer(serializers.Serializer[Any]):
    """All that a run says about a parcel's value."""

    county_id = serializers.CharField()
    parcel_number = serializers.CharField()
    parcel = serializers.DictField(help_text="Its characteristics.")
    job_id = serializers.UUIDField()
    valuation_method = serializers.CharField()
    valuation_date = serializers.DateField()
    model_id = serializers.UUIDField(allow_null=True)
    value = serializers.IntegerField(allow_null=True, help_text="The figure that stands.")
    proposed_value = serializers.IntegerField(allow_null=True, help_text="The run's own.")
    interval = IntervalSerializer(allow_null=True)
    land_value = serializers.IntegerField(allow_null=True)
    land_source = FlagSerializer(allow_null=True, help_text="What the land value rests on, or why there is none.")
    improvement_value = serializers.IntegerField(allow_null=True)
    previous_value = serializers.IntegerField(allow_null=True)
    change = serializers.IntegerField(allow_null=True)
    change_percent = serializers.FloatField(allow_null=True)
    flags = FlagSerializer(many=True)
    approaches = ApproachSerializer(many=True)
    comparables = ComparableSerializer(many=True)
    rates = RatesSerializer(many=True, help_text="The market's rates of the lines, by size band.")
    reasons_explain = ExplainedSerializer(allow_null=True, help_text="The approach whose value the reasons add up to.")
    reasons = ReasonSerializer(many=True)
    evaluation = serializers.DictField(allow_null=True, help_text="How the run did on later sales.")
    state = serializers.CharField()
    effective_date = serializers.DateField(allow_null=True)
    tax_year = serializers.IntegerField(allow_null=True)
    decisions = SheetDecisionSerializer(many=True)
