"""Areas of interest as files: uploaded once, used by their id, each by its owner only."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from terrafusion.api.pagination import CursorPagination
from terrafusion.api.parsers import MultiPartParser
from terrafusion.api.schema import ProblemSerializer
from terrafusion.api.views import KnownParameters
from terrafusion.areas.api.serializers import AreaDetailSerializer, AreaSerializer, AreaUploadSerializer
from terrafusion.records.access import counties_for
from terrafusion.records.models import UploadedArea

_FORM_BYTES = 64 * 1024  # of a body that is more than its file
_ID = OpenApiParameter("id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="The area.")
_MISSING: dict[int, Any] = {400: ProblemSerializer, 404: ProblemSerializer}


class AreaParser(MultiPartParser):
    def max_bytes(self) -> int:
        return int(settings.MAX_AREA_FILE_BYTES) + _FORM_BYTES


class AreaViewSet(
    KnownParameters,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    GenericViewSet[UploadedArea],
):
    """Your uploaded areas. A job keeps the boundary that it was given, whatever becomes of the area."""

    queryset = UploadedArea.objects.none()
    parser_classes = [AreaParser]
    pagination_class = CursorPagination
    ordering = ("-created_at", "-id")
    lookup_field = "id"

    def get_queryset(self) -> QuerySet[UploadedArea]:
        return UploadedArea.of(self.request.user).filter(county__in=counties_for(self.request.user))

    def get_serializer_class(self) -> type[serializers.BaseSerializer[UploadedArea]]:
        if self.action == "create":
            return AreaUploadSerializer
        return AreaSerializer if self.action == "list" else AreaDetailSerializer

    @extend_schema(
        responses={201: AreaDetailSerializer, 403: ProblemSerializer, 409: ProblemSerializer, 413: ProblemSerializer},
        summary="Upload a file with an area of interest",
    )
    def create(self, request: Request) -> Response:
        """The file's polygons become one area, to be used as `{"type": "upload", "id": "..."}`. What is wrong with the
        file is reported, every fault by itself, and then nothing is kept; the file itself never is."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        area = serializer.save()
        shown = AreaDetailSerializer(area, context=self.get_serializer_context()).data
        return Response(shown, status=status.HTTP_201_CREATED, headers={"Location": shown["links"]["self"]})

    @extend_schema(summary="Your uploaded areas, newest first")
    def list(self, request: Request) -> Response:
        return super().list(request)

    @extend_schema(summary="An uploaded area", parameters=[_ID], responses={200: AreaDetailSerializer, **_MISSING})
    def retrieve(self, request: Request, id: str) -> Response:
        """With its outline."""
        return super().retrieve(request, id=id)

    @extend_schema(summary="Delete an uploaded area", parameters=[_ID], responses={204: None, **_MISSING})
    def destroy(self, request: Request, id: str) -> Response:
        return super().destroy(request, id=id)

    def get_object(self) -> UploadedArea:
        try:
            uuid.UUID(self.kwargs["id"])
        except ValueError:
            raise ValidationError({"id": "This is not the id of an area: give a UUID."}, code="invalid") from None
        return super().get_object()
