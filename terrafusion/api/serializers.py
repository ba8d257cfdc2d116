"""The base of every serializer that reads a body."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.fields import empty
from rest_framework.utils.html import is_html_input

from terrafusion.api import keys

_OF_FORMS = "csrfmiddlewaretoken"
_INNER = re.compile(r"[.\[]")
"""Where a form's name, such as ``selection.parcels`` or ``layers[0]``, goes on to what is inside the field."""

_NESTING: dict[str, tuple[type[serializers.Field[Any, Any, Any, Any]], ...]] = {
    ".": (serializers.Serializer, serializers.DictField),
    "[": (serializers.ListField, serializers.ListSerializer),
}

if TYPE_CHECKING:
    _Base = serializers.Serializer[Any]
else:
    _Base = object


class KnownKeys(_Base):
    """A mixin, before the serializer's own class: keys that are no fields are refused, along with all other faults.

    ``others`` are known keys too, which somebody else has read.
    """

    others: Collection[str] = ()

    def run_validation(self, data: object = empty) -> dict[str, Any] | None:
        faults = self._unknown(data) if isinstance(data, Mapping) else {}
        try:
            value: dict[str, Any] | None = super().run_validation(data)
        except ValidationError as error:
            if not faults or not isinstance(error.detail, dict):
                raise
            raise ValidationError({**error.detail, **faults}) from None
        if faults:
            raise ValidationError(faults)
        return value

    def _unknown(self, data: Mapping[str, Any]) -> dict[str, Any]:
        known = [*(name for name, field in self.fields.items() if not field.read_only), *self.others]
        given = {str(name) for name in data}
        refused: dict[str, ErrorDetail] = {}
        if is_html_input(data):
            whole = [name for name in given if isinstance(self.fields.get(name), serializers.Serializer)]
            refused = {name: ErrorDetail(f"Give its members in a form, as {name}.name.", "invalid") for name in whole}
            given = {self._outer(name) for name in given} - {_OF_FORMS}
        read_only = given.intersection(self.fields).difference(known)
        refused |= {name: ErrorDetail(f"{name!r} cannot be set: remove it.", "read_only") for name in sorted(read_only)}
        return {**refused, **keys.unknown(given - read_only, known)}

    def _outer(self, name: str) -> str:
        """The field that a name of a form is inside of; the whole name where that field has no inside."""
        inner = _INNER.search(name)
        if inner is None:
            return name
        outer = name[: inner.start()]
        field = self.fields.get(outer)
        return outer if field is None or isinstance(field, _NESTING[inner[0]]) else name


class StrictSerializer(KnownKeys, serializers.Serializer[Any]):
    """A serializer that refuses keys which are not its fields."""


class NothingSerializer(StrictSerializer):
    """A request without a body."""
