"""The list of what the API has, and its documentation."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from terrafusion.api.views import KnownParameters

LINKS = {"type": "object", "additionalProperties": {"type": "string", "format": "uri"}}


class ApiRoot(KnownParameters, APIView):
    """The endpoints, each with its URL. The schema and the documentation page describe the parameters."""

    name = "API"
    links: Mapping[str, str] = {}  # name -> URL name, given by the URL configuration

    @extend_schema(operation_id="api_root", responses={200: LINKS})
    def get(self, request: Request) -> Response:
        return Response({name: reverse(url_name, request=request) for name, url_name in self.links.items()})


class _SchemaOfAll(SchemaGenerator):
    """Makes the schema once in a process, as it is the same for every user and takes a second."""

    def get_schema(self, request: object = None, public: bool = True) -> dict[str, Any]:
        return _schema()


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return schema


class SchemaView(KnownParameters, SpectacularAPIView):
    """The OpenAPI schema."""

    generator_class = _SchemaOfAll


class DocsView(KnownParameters, SpectacularSwaggerSplitView):
    """Swagger UI, a page that asks for its script at the same address."""

    query_parameters = {"get": ("script",)}
