"""The body of a run, its status, and its result."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from terrafusion.api import bodies
from terrafusion.api.fields import NameField
from terrafusion.jobs.api.serializers import JobResultSerializer, JobStatusSerializer
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.request import Faults, ParametersField, RunSerializer
from terrafusion.records.access import Role
from terrafusion.records.api.county import CountyField
from valuation import methods
from valuation.methods.reconciled import RECONCILED
from valuation.models import ValuationJob
from valuation.request import ValuationRequest, build
from valuation.scope import ALL

_SCOPE_HELP = (
    '"all", {"parcels": ["0001"]}, {"neighborhoods": ["NW"]}, or {"area_of_interest": ...} with a bbox, a GeoJSON '
    "polygon, WKT, a district or a distance (docs/user/areas.md)."
)
DEFAULT_METHOD = RECONCILED.name


@extend_schema_field({"oneOf": [{"type": "string", "const": ALL}, {"type": "object"}]})
class ScopeField(serializers.Field[Any, Any, Any, Any]):
    """Any JSON, which a form sends as text; ``valuation.scope`` checks it."""

    def to_internal_value(self, data: object) -> object:
        if not isinstance(data, str):
            return data
        if data.strip() != ALL:
            with suppress(ValueError):  # what is wrong with it is reported with the scope
                return bodies.loads(data)
        return data.strip()

    def to_representation(self, value: object) -> object:
        return value


class MethodField(NameField):
    """One of the methods that are registered when the serializer is made: DRF makes its fields anew each time."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(methods.choices(), **kwargs)


class MethodParameters(ParametersField):
    """The parameters of all methods, likewise."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(*(method.parameters for method in methods.all_methods()), **kwargs)


class ValuationRunSerializer(RunSerializer):
    valuation_method = MethodField(
        default=DEFAULT_METHOD,
        initial=DEFAULT_METHOD,
        help_text="Without one, the approaches to value are reconciled by how well each does on later sales.",
    )
    county_id = CountyField(at_least=Role.ANALYST, help_text="The county's id.")
    valuation_date = serializers.DateField(
        required=False,
        help_text="Valuation date; later sales are not used. A ratio study may leave it out: it is then the day that "
        "its values are of.",
    )
    scope = ScopeField(default=ALL, initial=ALL, help_text=_SCOPE_HELP, style={"base_template": "textarea.html"})
    parameters = MethodParameters(help_text="Parameters of the method; see docs/user/valuation.md.")

    def to_internal_value(self, data: object) -> dict[str, Any]:
        """A method that settles its own valuation date, as a ratio study does, may leave the day out."""
        method = data.get("valuation_method") if isinstance(data, Mapping) else None
        chosen = methods.find(method) if isinstance(method, str) else None
        self.fields["valuation_date"].required = chosen is None or chosen.settle is None
        values: dict[str, Any] = super().to_internal_value(data)
        return values

    def build(self, members: Mapping[str, Any], faults: Faults) -> ValuationRequest | None:
        return build(members, self.user, faults)


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
