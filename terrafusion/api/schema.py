"""The OpenAPI schema: problems as the one shape of every error, and geometry that may be missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from django.contrib.gis.db.models import GeometryField
from drf_spectacular.contrib.rest_framework_gis import (
    GeoFeatureModelSerializerExtension as _FeatureExtension,
)
from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.plumbing import build_array_type
from drf_spectacular.utils import OpenApiExample
from drf_standardized_errors.openapi import AutoSchema as _AutoSchema
from rest_framework import serializers
from rest_framework.pagination import BasePagination
from rest_framework.serializers import BaseSerializer

from terrafusion.api.problems import CONTENT_TYPE
from terrafusion.api.serializers import KnownKeys

if TYPE_CHECKING:
    from drf_spectacular import openapi
    from rest_framework_gis.serializers import GeoFeatureModelSerializer


Schema = dict[str, Any]

_JSON = "application/json"

# drf-spectacular's own leaves out the Multi types, which are what layers are made of.
_ANY_GEOMETRY: Schema = {
    "type": "object",
    "required": ["type", "coordinates"],
    "properties": {
        "type": {"enum": ["Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"]},
        "coordinates": {"type": "array", "items": {}},
    },
}


class FaultSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="Stable, for programs.")
    detail = serializers.CharField(help_text="For people.")
    field = serializers.CharField(allow_null=True, help_text="Dotted path; null when the whole request is at fault.")


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457 problem details."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField(help_text="Stable, for programs.")
    errors = FaultSerializer(  # type: ignore[assignment]  # a field may be called as a property of the serializer is
        many=True, help_text="The first 20 faults of the request at once; empty for other problems."
    )
    error_count = serializers.IntegerField(help_text="How many faults the request has; 0 for other problems.")


class AutoSchema(_AutoSchema):  # type: ignore[misc]  # the library is not followed by mypy
    """Says of each operation which errors it may answer with. ``extend_schema(responses={409: ProblemSerializer})``
    adds those that only the view knows."""

    def _get_error_response_serializer(self, status_code: str) -> type[ProblemSerializer]:
        return ProblemSerializer

    def _map_serializer(
        self, serializer: BaseSerializer[Any], direction: str, bypass_extensions: bool = False
    ) -> Schema:
        schema: Schema = super()._map_serializer(serializer, direction, bypass_extensions)
        kind = serializer if isinstance(serializer, type) else type(serializer)
        strict = direction == "request" and issubclass(kind, KnownKeys) and "properties" in schema
        return {**schema, "additionalProperties": False} if strict else schema

    def _get_response_for_code(
        self,
        serializer: BaseSerializer[Any],
        status_code: str,
        media_types: list[str] | None = None,
        direction: str = "response",
    ) -> Schema:
        if str(status_code) >= "400":
            media_types = [CONTENT_TYPE]
        response: Schema = super()._get_response_for_code(serializer, status_code, media_types, direction)
        return response

    def map_parsers(self) -> list[str]:
        """JSON where it is taken, for a generated client sends the last type of those listed. Forms are for pages."""
        types: list[str] = super().map_parsers()
        return [_JSON] if _JSON in types else types

    def _get_serializer_name(
        self, serializer: BaseSerializer[Any], direction: str, bypass_extensions: bool = False
    ) -> str:
        # A generated client calls what the member ``request`` of a Schedule holds a ScheduleRequest.
        name: str = super()._get_serializer_name(serializer, direction, bypass_extensions)
        return name.removesuffix("Request") + "Body" if direction == "request" else name

    def _get_error_response_examples(self) -> list[OpenApiExample]:
        return []  # the library's show its own shape

    def _has_body(self) -> bool:
        return self.method in {"POST", "PUT", "PATCH"}

    def _should_add_parse_error_response(self) -> bool:
        return self._has_body() and bool(super()._should_add_parse_error_response())

    def _should_add_validation_error_response(self) -> bool:
        return True  # unknown parameters are refused everywhere

    def _lists(self) -> bool:
        action = getattr(self.view, "action", None) or self.method.lower()
        return action in getattr(self.view, "list_actions", ())

    def _get_paginator(self) -> BasePagination | None:
        return super()._get_paginator() if self._lists() else None

    def get_filter_backends(self) -> list[Any]:
        return list(super().get_filter_backends()) if self._lists() else []

    def _should_add_http415_error_response(self) -> bool:
        return self._has_body() and bool(super()._should_add_http415_error_response())

    def _should_add_http403_error_response(self) -> bool:
        # A session without its CSRF token is forbidden wherever something is changed.
        return self.method != "GET" or bool(super()._should_add_http403_error_response())


def without_slash(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """Where a slash at the end may be left out, the schema leaves it out, as the links of the API do."""
    return [
        (path.rstrip("/") if regex.rstrip("$").endswith("/?") else path, regex, method, view)
        for path, regex, method, view in endpoints
    ]


class FeatureExtension(_FeatureExtension):  # type: ignore[no-untyped-call]
    """drf-spectacular's own, and more: which members a feature always has, and that its geometry may be null."""

    target_class = "rest_framework_gis.serializers.GeoFeatureModelSerializer"
    match_subclasses = True
    priority = 1

    def map_geo_feature_model_serializer(self, serializer: GeoFeatureModelSerializer, base_schema: Schema) -> Schema:
        required = [name for name in base_schema.get("required", []) if name in base_schema["properties"]]
        feature: Schema = super().map_geo_feature_model_serializer(serializer, base_schema)  # type: ignore[no-untyped-call]
        members = feature["properties"]
        column = serializer.Meta.model._meta.get_field(serializer.Meta.geo_field)
        shape = _ANY_GEOMETRY if type(column) is GeometryField else members["geometry"]
        members["geometry"] = {"oneOf": [shape, {"type": "null"}]}
        members["properties"]["required"] = [name for name in required if name in members["properties"]["properties"]]
        feature["required"] = list(members)
        return feature


class FeatureListExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """The features of a page; the FeatureCollection round them is GeoJsonCursorPagination's."""

    target_class = "rest_framework_gis.serializers.GeoFeatureModelListSerializer"
    priority = 1

    def map_serializer(self, auto_schema: openapi.AutoSchema, direction: Literal["request", "response"]) -> Schema:
        return build_array_type(auto_schema.resolve_serializer(self.target.child, direction).ref)
