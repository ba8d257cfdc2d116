"""The request of a run, its status and its result."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from terrafusion.api import bodies
from terrafusion.api.fields import BoundedJSONField
from terrafusion.areas import saved
from terrafusion.jobs import options
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.serializers import CountyField, JobResultSerializer, JobRunSerializer, JobStatusSerializer
from terrafusion.records.access import Role
from terrafusion.records.models import County
from valuation import scope as scopes
from valuation import values
from valuation.api.parameters import BY_METHOD, plain
from valuation.models import Method, ValuationJob, ValuationModel
from valuation.study_dates import DatesDoNotFit, settle
from valuation.study_terms import CERTIFIED, CURRENT

_SCOPE_HELP = (
    '"all", {"parcels": ["0001"]}, {"neighborhoods": ["NW"]}, or {"area_of_interest": ...} with a bbox, a GeoJSON '
    "polygon, WKT, a district or a distance (docs/user/areas.md)."
)
_FIRST, _AHEAD = date(1900, 1, 1), timedelta(days=730)


def _county_of(request: Any) -> County | None:
    """The county that the request (the serializer of the field) names, where it is one of the user's."""
    try:
        found: County = request.fields["county_id"].run_validation(request.initial_data.get("county_id"))
    except (serializers.ValidationError, TypeError, ValueError):
        return None
    return found


@extend_schema_field({"oneOf": [{"type": "string", "const": "all"}, {"type": "object"}]})
class ScopeField(serializers.Field[Any, Any, Any, Any]):
    """Which parcels: validated to a ``scope.Scope``; to None while the county is not known."""

    def to_internal_value(self, data: Any) -> scopes.Scope | None:
        if isinstance(data, str) and data.strip() != scopes.ALL:  # a form sends text
            with suppress(ValueError):  # what is wrong with it is said below
                data = bodies.loads(data)
        elif isinstance(data, str):
            data = scopes.ALL
        county = _county_of(self.parent)
        if county is None:
            return None
        try:
            return scopes.parse(data, county, self.context["request"].user)
        except scopes.ScopeFaults as faults:
            raise serializers.ValidationError(
                {name or "non_field_errors": reasons for name, reasons in faults.messages.items()}
            ) from None

    def to_representation(self, value: Any) -> Any:
        return value


DEFAULT_METHOD = Method.RECONCILED


@extend_schema_field(
    {
        "type": "object",
        "description": "By the method; docs/user/valuation.md tells each.",
        "properties": options.SCHEMA,
    }
)
class ParametersField(BoundedJSONField):
    """An object whose members depend on the method; unchecked while the method is not known."""

    def to_internal_value(self, data: Any) -> Any:
        given = super().to_internal_value(data)
        if not isinstance(given, dict):
            raise serializers.ValidationError("Give a JSON object.", "not_an_object")
        checker = BY_METHOD.get(str(self.parent.initial_data.get("valuation_method", DEFAULT_METHOD)))
        if checker is None:
            return {}
        checked = checker(data=given)
        checked.is_valid(raise_exception=True)
        return {"given": given, "found": checked.validated_data}


class ValuationRunSerializer(JobRunSerializer):
    """Makes an unsaved job of a request; every fault is named at once."""

    valuation_method = serializers.ChoiceField(
        Method.choices,
        default=DEFAULT_METHOD,
        initial=DEFAULT_METHOD,
        help_text="Without one, the approaches to value are reconciled by how well each does on later sales.",
    )
    county_id = CountyField(at_least=Role.ANALYST, help_text="The county's id.")
    valuation_date = serializers.DateField(
        required=False,
        help_text="The day that the values are of; no later sale is seen. A ratio study may leave it out: it is of the "
        "day that its values are of.",
    )
    scope = ScopeField(
        default=scopes.ALL, initial=scopes.ALL, help_text=_SCOPE_HELP, style={"base_template": "textarea.html"}
    )
    parameters = ParametersField(
        required=False,
        default=dict,
        initial=dict,
        help_text="How; docs/user/valuation.md tells each parameter.",
        style={"base_template": "textarea.html"},
    )

    def to_internal_value(self, data: Any) -> Any:
        """Of all methods a ratio study alone may leave the day out."""
        method = data.get("valuation_method") if isinstance(data, Mapping) else None
        self.fields["valuation_date"].required = method != Method.RATIO_STUDY
        return super().to_internal_value(data)

    def validate_valuation_date(self, given: date) -> date:
        if not _FIRST <= given <= date.today() + _AHEAD:
            raise serializers.ValidationError(f"Give a day from {_FIRST} to two years from now.")
        return given

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        county = data["county_id"]
        if not isinstance(data["scope"], scopes.Scope):  # the default is not run through the field
            data["scope"] = self.fields["scope"].run_validation(data["scope"])
        if "found" not in data["parameters"]:
            data["parameters"] = self.fields["parameters"].run_validation(data["parameters"])
        found = data["parameters"]["found"]
        if data["valuation_method"] == Method.RATIO_STUDY:
            data |= _settled(found, county, data.get("valuation_date"))
        if model := found.get("model"):
            _check_model(model, county, data["valuation_date"])
        return data

    def create(self, validated_data: dict[str, Any]) -> ValuationJob:
        scope: scopes.Scope = validated_data["scope"]
        parameters = validated_data["parameters"]
        return ValuationJob(
            county=validated_data["county_id"],
            valuation_method=validated_data["valuation_method"],
            valuation_date=validated_data["valuation_date"],
            scope=scope.submitted,
            **saved.columns(scope.area),
            parameters=parameters["given"],
            resolved=plain(parameters["found"]),
            estimated_parcels=scope.parcels().count(),
            message=" ".join(["Valuation job accepted and queued.", *scope.notes]),
        )


def _check_model(model: uuid.UUID, county: County, valuation_date: date) -> None:
    stored = ValuationModel.objects.filter(pk=model, county=county).only("valuation_date").first()
    if stored is None:
        raise serializers.ValidationError({"parameters": {"model": [f"{county.pk} has no such model."]}})
    if stored.valuation_date != valuation_date:
        reason = f"The model is of {stored.valuation_date}: its values are of that day. Ask for it, or train another."
        raise serializers.ValidationError({"parameters": {"model": [reason]}})


def _settled(found: dict[str, Any], county: County, day: date | None) -> dict[str, date]:
    """The valuation date of a study; ``found``, its parameters, get the days of its sales."""
    studied = _studied(found["values"], county)
    try:
        dates = settle(county, studied, day, found["sales_from"], found["sales_to"])
    except DatesDoNotFit as refused:
        faults = dict(refused.faults)
        own = {"valuation_date": faults.pop("valuation_date")} if "valuation_date" in faults else {}
        raise serializers.ValidationError({**own, **({"parameters": faults} if faults else {})}) from None
    found |= {"sales_from": dates.sales_from, "sales_to": dates.sales_to}
    return {"valuation_date": dates.valuation_date}


def _studied(given: str, county: County) -> str | uuid.UUID:
    """The values of a study: their name, or the id of a run of the county that has some."""
    if given in (CURRENT, CERTIFIED):
        return given
    try:
        key = uuid.UUID(given)
        if values.valuing_jobs(county).filter(pk=key).exists():
            return key
    except ValueError:
        pass
    reason = f"Say current, certified, or the id of a completed valuation job of {county.pk}."
    raise serializers.ValidationError({"parameters": {"values": [reason]}})


class ValuationStatusSerializer(JobStatusSerializer):
    """The status object of a run."""

    valuation_method = serializers.CharField(read_only=True)
    valuation_date = serializers.DateField(read_only=True)

    def get_parameters(self, job: AbstractJob) -> dict[str, Any]:
        assert isinstance(job, ValuationJob)  # noqa: S101 - for the type checker
        return {**job.parameters, "scope": job.scope}


class ValuationResultSerializer(JobResultSerializer):
    """``result_summary`` has the screening, the evaluation, totals and flags."""

    parcels_valued = serializers.IntegerField(read_only=True, allow_null=True)
    parcels_refused = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="Parcels that no value could be given; their flags say why."
    )
    parcels_flagged = serializers.IntegerField(read_only=True, allow_null=True)
    total_value = serializers.IntegerField(read_only=True, allow_null=True, help_text="US dollars.")
    median_ratio = serializers.FloatField(read_only=True, allow_null=True, help_text="On later sales.")
    cod = serializers.FloatField(read_only=True, allow_null=True, help_text="On later sales.")
    model_id = serializers.UUIDField(read_only=True, allow_null=True, help_text="The trained model that was used.")
