"""The list of what the API has, and its documentation."""

from __future__ import annotations

from collections.abc import Mapping

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


class SchemaView(KnownParameters, SpectacularAPIView):
    """The OpenAPI schema."""


class DocsView(KnownParameters, SpectacularSwaggerSplitView):
    """Swagger UI, a page that asks for its script at the same address."""

    query_parameters = {"get": ("script",)}
