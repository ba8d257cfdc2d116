"""The browsable pages of decisions: first the preview with its figures, below it the form that confirms it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.db.models import Model
from rest_framework.request import Request
from rest_framework.views import APIView

from terrafusion.api.pages import PageRenderer
from valuation.decisions.asked import DecisionRequest


class PreviewPage(PageRenderer):
    template = "valuation/decision_preview.html"

    def get_context(
        self, data: object, accepted_media_type: str | None, renderer_context: Mapping[str, Any]
    ) -> dict[str, Any]:
        context = super().get_context(data, accepted_media_type, renderer_context)
        shown = getattr(renderer_context["view"], "request_shown", None)
        return {**context, "confirm": _boxes(shown) if shown else None}

    def get_raw_data_form(self, data: object, view: APIView, method: str, request: Request) -> forms.Form | None:
        return None if method == "POST" else super().get_raw_data_form(data, view, method, request)


class RecordPage(PageRenderer):
    """Without a form: a decision begins at its preview."""

    template = "valuation/decision_record.html"

    def show_form_for_method(self, view: APIView, method: str, request: Request, obj: Model | None) -> bool:
        return method != "POST" and bool(super().show_form_for_method(view, method, request, obj))


def _boxes(request: DecisionRequest) -> list[tuple[str, str]]:
    """The body that was previewed, as a form sends it."""
    body = request.as_json()
    selection = body.pop("selection")
    boxes = [(name, str(value)) for name, value in body.items() if value is not None]
    if isinstance(selection, str):
        return [*boxes, ("selection.everything", selection)]
    return [*boxes, *((f"selection.{name}", ", ".join(names)) for name, names in selection.items())]
