"""The REST interface of exports: the job's own addresses, and what can be asked for."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gis_export import serializers, signing
from gis_export.admission import exceeded
from gis_export.estimates import expect
from gis_export.formats import registry
from gis_export.models import GisExportJob
from gis_export.prepare import signing_key
from terrafusion.api.schema import ProblemSerializer
from terrafusion.api.throttles import DONE_AT_ONCE
from terrafusion.api.views import KnownParameters
from terrafusion.jobs import dispatch, options
from terrafusion.jobs.api.viewsets import JobViewSet
from terrafusion.records import access_log
from terrafusion.records.access import counties_for
from terrafusion.records.access_log import Seen
from terrafusion.records.layers import layers_of
from terrafusion.records.models import Act, County, CountySettings

_MAX_COUNTIES = 20  # on one page; GET layers lists those of each
_OF_COUNTY = {"get": ("county_id",)}
_COUNTY = OpenApiParameter("county_id", str, description="The county's id.")


class GisExportViewSet(JobViewSet):
    """GIS export jobs."""

    model = GisExportJob
    run_serializer_class = serializers.ExportRunSerializer
    serializer_class = serializers.GisExportStatusSerializer
    result_serializer_class = serializers.GisExportResultSerializer

    def run_form(self, request: Request) -> Response:
        """How to submit a job, by the form below or as JSON, and which layers there are."""
        counties = counties_for(request.user)[:_MAX_COUNTIES]
        layers = {county.pk: [layer.name for layer in layers_of(county)] for county in counties}
        return Response({**super().run_form(request).data, "layers": layers})


class FormatsView(KnownParameters, APIView):
    """The formats, those that a county allows where one is named."""

    query_parameters = _OF_COUNTY

    @extend_schema(responses=serializers.FormatSerializer(many=True), parameters=[_COUNTY])
    def get(self, request: Request) -> Response:
        formats = registry.all_formats()
        if request.query_params.get("county_id"):
            allowed = CountySettings.of(_county(request)).allowed_formats or formats
            formats = {name: file_format for name, file_format in formats.items() if name in allowed}
        return Response(serializers.FormatSerializer(formats.values(), many=True).data)


class SigningKeyView(KnownParameters, APIView):
    """The public key of this installation's manifests, for everybody."""

    permission_classes = (AllowAny,)

    @extend_schema(responses=serializers.SigningKeySerializer, auth=[])
    def get(self, request: Request) -> Response:
        key = signing.public_key(signing_key())
        public = {
            "algorithm": signing.ALGORITHM,
            "installation": signing.installation(key),
            "public_key": signing.pem(key),
        }
        return Response(serializers.SigningKeySerializer(public).data)


class LayersView(KnownParameters, APIView):
    """The layers of a county and their fields."""

    query_parameters = _OF_COUNTY

    @extend_schema(
        responses={200: serializers.LayerSerializer(many=True), 400: ProblemSerializer, 404: ProblemSerializer},
        parameters=[OpenApiParameter("county_id", str, description="The county's id.", required=True)],
    )
    def get(self, request: Request) -> Response:
        if not request.query_params.get("county_id"):
            raise ValidationError({"county_id": "Name the county."}, code="required")
        return Response(serializers.LayerSerializer(layers_of(_county(request)), many=True).data)


def _county(request: Request) -> County:
    """That of the query. Raises Http404 for one that the user may not see, as for one that there is not."""
    county_id = request.query_params["county_id"].replace("\x00", "\ufffd")  # which no database looks for
    return get_object_or_404(counties_for(request.user), pk=county_id)


class EstimateView(KnownParameters, GenericAPIView[Any]):
    """Records, bytes and seconds of an export, and the limits it would break; takes the body of run."""

    serializer_class = serializers.ExportRunSerializer
    throttle_classes = DONE_AT_ONCE

    @extend_schema(responses={200: serializers.EstimateSerializer, 400: ProblemSerializer, 403: ProblemSerializer})
    def post(self, request: Request) -> Response:
        body, given = options.split(request.data)
        serializer = self.get_serializer(data=body)
        options.check(serializer, given)
        wanted = serializer.validated_data["request"]
        costs = expect(wanted)
        if wanted.filters_personal:
            seen = Seen((wanted.county.pk,), "gis_export estimate", "", {"layers": [one.name for one in wanted.layers]})
            access_log.record(request.user, Act.PREVIEWED, [seen])
        active = dispatch.active_jobs(request.user.pk, wanted.county.pk)
        broken = exceeded(wanted.county, request.user.pk, wanted.file_format.name, costs.records, costs.bytes, active)
        return Response(serializers.EstimateSerializer({**asdict(costs), "limits_exceeded": broken}).data)
