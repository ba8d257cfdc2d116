"""The browsable API, made easier to read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.fields import empty
from rest_framework.renderers import BaseRenderer, BrowsableAPIRenderer
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer

from terrafusion.api.fields import NamesField

if TYPE_CHECKING:
    from rest_framework.views import APIView

_NUMBER = r"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_NUMBERS = re.compile(rf"\[\s+({_NUMBER}(?:,\s+{_NUMBER})*)\s+\]")


class PageRenderer(BrowsableAPIRenderer):
    _sent: Mapping[str, Any] | None = None

    def get_rendered_html_form(self, data: object, view: APIView, method: str, request: Request) -> object:
        """Below the answer to a POST the form is filled in with what was sent, to be mended and sent again: DRF would
        make it of the answer, which has other fields, and below a problem an empty one."""
        if not method == request.method == "POST":
            return super().get_rendered_html_form(data, view, method, request)
        self._sent = _sent(request)
        try:
            return super().get_rendered_html_form(None, view, method, request)
        finally:
            self._sent = None

    def render_form_for_serializer(self, serializer: BaseSerializer[Any]) -> object:
        if self._sent and isinstance(serializer, serializers.Serializer):
            _fill(serializer, self._sent)
        return super().render_form_for_serializer(serializer)

    def get_content(
        self, renderer: BaseRenderer, data: object, accepted_media_type: str, renderer_context: Mapping[str, Any]
    ) -> str:
        """Lists of numbers, such as a position, on one line: an outline is then a dozen lines and not a hundred."""
        content = super().get_content(renderer, data, accepted_media_type, renderer_context)
        return _NUMBERS.sub(lambda match: "[" + re.sub(r"\s+", " ", match[1]) + "]", content)


def _sent(request: Request) -> Mapping[str, Any] | None:
    """The body, where it can be read."""
    try:
        body = request.data
    except APIException:
        return None
    return body if isinstance(body, Mapping) else None


def _fill(form: serializers.Serializer[Any], sent: Mapping[str, Any]) -> None:
    """No value is checked: what is wrong with it is reported above."""
    for field in form.fields.values():
        if field.read_only or isinstance(field, serializers.FileField):  # which no browser lets a page fill in
            continue
        value = field.get_value(sent)
        if isinstance(field, NamesField) and isinstance(value, list):
            value = ", ".join(map(str, value))
        if value is not empty:
            field.initial = value
