"""Query-string filters: every fault is named at once, and a name that means nothing is a fault.

A misspelled filter that is ignored answers with the whole county instead of a street.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError as Invalid
from django.db.models import QuerySet
from django_filters import Filter, IsoDateTimeFilter
from django_filters.fields import IsoDateTimeField
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.views import APIView

from terrafusion.api import keys
from terrafusion.api.pagination import CursorPagination
from terrafusion.api.views import KnownParameters


class StrictFilterBackend(DjangoFilterBackend):
    """The default backend of the API's lists."""

    template = "terrafusion/filter_form.html"

    def filter_queryset(  # type: ignore[override]  # DRF hands over its own request, whatever the stubs say
        self, request: Request, queryset: QuerySet[Any], view: APIView
    ) -> QuerySet[Any]:
        if getattr(view, "detail", False):
            return queryset  # one object is named by its address alone
        filterset = self.get_filterset(request, queryset, view)
        faults: dict[str, Any] = {}
        known: set[str] = view.own_parameters(request) if isinstance(view, KnownParameters) else set()
        if isinstance(paginator := getattr(view, "paginator", None), CursorPagination):
            known |= paginator.parameters()
            faults |= paginator.faults(request)
        if filterset is not None:
            known |= set(filterset.form.fields)
            faults |= _details(filterset.form)
        faults |= keys.unknown(request.query_params, sorted(known), "parameter")
        if faults:
            raise ValidationError(faults)
        return queryset if filterset is None else filterset.qs


def _details(form: forms.Form) -> dict[str, list[ErrorDetail]]:
    return {
        name: [ErrorDetail(message["message"], message["code"] or "invalid") for message in messages]
        for name, messages in form.errors.get_json_data().items()
    }


class BooleanField(forms.TypedChoiceField):
    """true or false; Django's own field takes anything else for unknown, and so filters by nothing."""

    def __init__(self, **kwargs: Any) -> None:
        choices = [("", "any"), ("true", "yes"), ("false", "no")]
        super().__init__(choices=choices, coerce=lambda text: text == "true", empty_value=None, **kwargs)


class BooleanFilter(Filter):
    field_class = BooleanField


class InstantField(IsoDateTimeField):
    """A moment in UTC: PostgreSQL takes offsets below 16 hours only, ISO 8601 and Python any below 24."""

    def to_python(self, value: str | datetime | date | None) -> datetime | None:
        moment = super().to_python(value)
        if not isinstance(moment, datetime):
            return moment
        try:
            return moment.astimezone(UTC)
        except OverflowError:
            raise Invalid("In UTC this lies outside the years 1 to 9999.", code="invalid") from None


class InstantFilter(IsoDateTimeFilter):
    field_class = InstantField
