"""Cursor pagination: pages stay stable while rows come and go, the last page costs what the first does, and nothing
is counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import QuerySet
from rest_framework import pagination
from rest_framework.exceptions import ErrorDetail, NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

Schema = dict[str, Any]
_LINK: Schema = {"type": ["string", "null"], "format": "uri"}


class CursorPagination(pagination.CursorPagination):
    """Ordered by the view's ``ordering`` (a column that is unique or nearly so, first; default ``id``)."""

    ordering = "id"
    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 1000
    cursor_query_description = "Where a page begins: taken from next or previous of another page."
    page_size_query_description = f"Items on a page, 1 to {max_page_size}."

    def parameters(self) -> set[str]:
        return {self.cursor_query_param, self.page_size_query_param}

    def faults(self, request: Request) -> dict[str, list[ErrorDetail]]:
        """What is wrong with the page's size; the cursor shows only against a queryset."""
        given = request.query_params.get(self.page_size_query_param)
        if given is None or (given.isascii() and given.isdecimal() and 1 <= int(given[:10]) <= self.max_page_size):
            return {}
        return {self.page_size_query_param: [ErrorDetail(f"Give a number from 1 to {self.max_page_size}.", "invalid")]}

    def get_page_size(self, request: Request) -> int:
        if faults := self.faults(request):
            raise ValidationError(faults)
        return super().get_page_size(request) or self.page_size

    def paginate_queryset(
        self, queryset: QuerySet[Any], request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        self._check_cursor(queryset, request, view)
        return super().paginate_queryset(queryset, request, view)

    def _check_cursor(self, queryset: QuerySet[Any], request: Request, view: APIView | None) -> None:
        """A cursor is the client's to forge: its position must be a value of the column that it is compared with."""
        try:
            cursor = self.decode_cursor(request)
            if cursor is not None and cursor.position is not None:
                column = self.get_ordering(request, queryset, view)[0].lstrip("-")
                queryset.model._meta.get_field(column).to_python(cursor.position)
        except (NotFound, DjangoValidationError, ValueError):
            raise ValidationError(
                {self.cursor_query_param: [ErrorDetail("This is not a cursor.", "invalid")]}
            ) from None

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: APIView | None) -> tuple[str, ...]:
        ordering = getattr(view, "ordering", self.ordering)
        return (ordering,) if isinstance(ordering, str) else tuple(ordering)

    def get_paginated_response_schema(self, schema: Schema) -> Schema:
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": _LINK, "previous": _LINK, "results": schema},
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[Schema]:
        parameters = super().get_schema_operation_parameters(view)
        size = {"type": "integer", "minimum": 1, "maximum": self.max_page_size, "default": self.page_size}
        return [{**p, "schema": size} if p["name"] == self.page_size_query_param else p for p in parameters]


class GeoJsonCursorPagination(CursorPagination):
    """A page is a FeatureCollection; ``next`` and ``previous`` are foreign members, as RFC 7946 allows."""

    def get_results(self, data: Mapping[str, Any]) -> list[Any]:
        features: list[Any] = data["features"]
        return features

    def get_paginated_response(self, data: Mapping[str, Any]) -> Response:
        links = {"next": self.get_next_link(), "previous": self.get_previous_link()}
        return Response({"type": "FeatureCollection", **links, "features": data["features"]})

    def get_paginated_response_schema(self, schema: Schema) -> Schema:
        return {
            "type": "object",
            "required": ["type", "next", "previous", "features"],
            "properties": {
                "type": {"type": "string", "const": "FeatureCollection"},
                "next": _LINK,
                "previous": _LINK,
                "features": schema,
            },
        }
