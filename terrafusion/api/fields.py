"""Serializer fields that can be filled in on a page too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from rest_framework import serializers
from rest_framework.fields import empty
from rest_framework.utils.html import is_html_input

from terrafusion import words
from terrafusion.api import bodies


class BoundedJSONField(serializers.JSONField):
    """JSON within the limits of a body, also where it came as the text of a form, which is parsed here only."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or not getattr(data, "is_json_string", False):
            return super().to_internal_value(data)  # the parser of the body has seen to it
        try:
            return bodies.loads(data)
        except ValueError:
            self.fail("invalid")


class ObjectField(BoundedJSONField):
    """A JSON object; a subclass says in ``extend_schema_field`` which."""

    default_error_messages = {"not_an_object": "Give a JSON object."}

    def to_internal_value(self, data: object) -> dict[str, Any]:
        value = super().to_internal_value(data)
        if not isinstance(value, dict):
            self.fail("not_an_object")
        return value


class OptionalJSONField(BoundedJSONField):
    """Any JSON or, in a form, nothing: a box that is left empty is a field that is not given."""

    def get_value(self, dictionary: Mapping[str, Any]) -> object:
        value = super().get_value(dictionary)
        return empty if value == "" and is_html_input(dictionary) else value


class NameField(serializers.ChoiceField):
    """One of some names, which a refusal lists."""

    default_error_messages = {"invalid_choice": "Unknown {noun} {name}. Available: {available}."}

    def fail(self, key: str, **kwargs: object) -> NoReturn:
        noun = (self.field_name or "value").replace("_", " ")
        name, available = words.shown(kwargs.pop("input", None)), ", ".join(map(str, self.choices))
        super().fail(key, noun=noun, name=name, available=available, **kwargs)


class NamesField(serializers.ListField):
    """A list of names; in a form of the browsable API one line, with commas between them."""

    child = serializers.CharField()

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("style", {"base_template": "input.html"})
        kwargs.setdefault("initial", "")
        super().__init__(**kwargs)

    def get_value(self, dictionary: Mapping[str, Any]) -> object:
        value = super().get_value(dictionary)
        if is_html_input(dictionary) and isinstance(value, list):
            return [name.strip() for text in value for name in text.split(",") if name.strip()]
        return value
