"""The REST interface."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from market_analysis.catalogue import ANALYSES
from market_analysis.models import MarketAnalysisJob
from market_analysis.serializers import (
    AnalysisSerializer,
    MarketAnalysisResultSerializer,
    MarketAnalysisRunSerializer,
    MarketAnalysisStatusSerializer,
)
from terrafusion.api.views import KnownParameters
from terrafusion.jobs.api.viewsets import JobViewSet


class MarketAnalysisViewSet(JobViewSet):
    """Market analysis jobs."""

    model = MarketAnalysisJob
    run_serializer_class = MarketAnalysisRunSerializer
    serializer_class = MarketAnalysisStatusSerializer
    result_serializer_class = MarketAnalysisResultSerializer


class AnalysesView(KnownParameters, APIView):
    """The analyses there are, with their parameters."""

    @extend_schema(responses=AnalysisSerializer(many=True))
    def get(self, request: Request) -> Response:
        analyses: Any = list(ANALYSES.values())
        return Response(AnalysisSerializer(analyses, many=True).data)
