"""The REST interface of reports: the job's own addresses, what can be asked for, and previews."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from reporting import serializers
from reporting.models import ReportJob
from reporting.preview import preview
from reporting.reports import registry
from terrafusion.api.schema import ProblemSerializer
from terrafusion.api.throttles import DONE_AT_ONCE
from terrafusion.api.views import KnownParameters
from terrafusion.jobs import options
from terrafusion.jobs.api.viewsets import JobViewSet
from terrafusion.records import access_log
from terrafusion.records.access_log import Seen
from terrafusion.records.models import Act

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src 'none'; frame-ancestors 'self'; sandbox"
)
"""A report is read, and does nothing."""


class ReportViewSet(JobViewSet):
    """Report jobs."""

    model = ReportJob
    run_serializer_class = serializers.ReportRunSerializer
    serializer_class = serializers.ReportStatusSerializer
    result_serializer_class = serializers.ReportResultSerializer


class TypesView(KnownParameters, APIView):
    """The report types and their parameters."""

    @extend_schema(responses=serializers.ReportTypeSerializer(many=True))
    def get(self, request: Request) -> Response:
        reports: Any = registry.ALL.values()
        return Response(serializers.ReportTypeSerializer(reports, many=True).data)


class ReportPreviewView(KnownParameters, GenericAPIView[Any]):
    """The beginning of a report as an HTML page, made at once; takes the body of run. Nothing is queued or kept."""

    serializer_class = serializers.ReportRunSerializer
    throttle_classes = DONE_AT_ONCE

    @extend_schema(responses={(200, "text/html"): OpenApiTypes.STR, 400: ProblemSerializer, 403: ProblemSerializer})
    def post(self, request: Request) -> HttpResponse:
        body, given = options.split(request.data)
        serializer = self.get_serializer(data=body)
        options.check(serializer, given)
        wanted = serializer.validated_data["request"]
        if wanted.run_wanted is not None:
            fault = "A preview starts no run: name one that is completed."
            raise ValidationError({"parameters.valuation_job": [fault]})
        page, personal = preview(wanted)
        if personal:
            details = {"report_type": wanted.report.name, "parameters": wanted.values}
            seen = Seen((wanted.county.pk,), "reporting preview", wanted.report.name, details)
            access_log.record(request.user, Act.PREVIEWED, [seen])
        return HttpResponse(page, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": _POLICY})
