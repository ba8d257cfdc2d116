"""The bases of the body of ``run``, and how a parameter is described."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.fields import SkipField

from terrafusion.api.serializers import StrictSerializer
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.request.base import JobRequest
from terrafusion.jobs.request.errors import Faults
from terrafusion.jobs.request.parameter import Parameter
from terrafusion.types import AnyUser

_SUBMITTED = ("parameters", "area_of_interest")


class RunSerializer(StrictSerializer):
    """Makes an unsaved job of a body. A subclass has the members as fields, and says what they make together.

    ``validated_data["request"]`` is the checked request. Every fault is reported at once: a member that cannot be read
    hides none of the others.
    """

    def build(self, members: Mapping[str, Any], faults: Faults) -> JobRequest | None:
        """The request of the members. Those that cannot be read are missing; then, and where there is any fault, which
        goes into ``faults``, what is returned does not count."""
        raise NotImplementedError

    @property
    def user(self) -> AnyUser:
        """Whose request it is."""
        user: AnyUser = self.context["request"].user
        return user

    def to_internal_value(self, data: object) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            return super().to_internal_value(data)  # type: ignore[no-any-return]  # refuses it
        members: dict[str, Any] = {}
        unreadable: dict[str, Any] = {}
        for field in self._writable_fields:
            name = str(field.field_name)
            try:
                members[name] = field.run_validation(field.get_value(data))
            except ValidationError as error:
                unreadable[name] = error.detail
            except SkipField:
                pass
        faults = Faults()
        request = self.build(members, faults)
        if faults or unreadable:
            raise ValidationError({**faults, **unreadable})
        return {**members, "request": request}

    def create(self, validated_data: dict[str, Any]) -> AbstractJob:
        request: JobRequest = validated_data["request"]
        submitted = {name: validated_data[name] for name in _SUBMITTED if name in validated_data}
        if "area_of_interest" in submitted:
            submitted["area_as_submitted"] = submitted.pop("area_of_interest")
        job: AbstractJob = request.job(**submitted)
        return job


class ParameterSerializer(serializers.Serializer[Parameter]):
    """A parameter, for the forms and the documentation of clients."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field may be called as one of Field's own
    help = serializers.CharField()
    unit = serializers.CharField(help_text="Empty where it has none.")
    required = serializers.BooleanField()  # type: ignore[assignment]
    default = serializers.JSONField(help_text="Null where there is none.")
    choices = serializers.ListField(child=serializers.CharField(), help_text="Empty for any value of its type.")
    schema = serializers.DictField(help_text="JSON Schema of a value.")
