"""Parameters of reports that may be left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from rest_framework import serializers

_Field = TypeVar("_Field", bound="serializers.Field[Any, Any, Any, Any]")


def optional(kind: Callable[..., _Field], label: str, help_text: str, **more: Any) -> _Field:
    """None when it is left out, or null."""
    return kind(required=False, allow_null=True, default=None, label=label, help_text=help_text, **more)


def default(value: Any, kind: Callable[..., _Field], label: str, help_text: str, **more: Any) -> _Field:
    """``value`` when it is left out."""
    return kind(required=False, default=value, label=label, help_text=help_text, **more)


def names(label: str, help_text: str, most: int = 1_000) -> serializers.ListField:
    """A list of names such as a county has them; empty when it is left out."""
    return default(
        list, serializers.ListField, label, help_text, child=serializers.CharField(max_length=40), max_length=most
    )
