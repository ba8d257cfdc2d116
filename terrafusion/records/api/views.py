"""Views of the records, which are read only, and of a county's settings, which a manager edits."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet, ReadOnlyModelViewSet

from terrafusion.api.pagination import GeoJsonCursorPagination
from terrafusion.api.schema import ProblemSerializer
from terrafusion.api.views import KnownParameters
from terrafusion.records.access import Role, counties_for, require
from terrafusion.records.api import serializers
from terrafusion.records.api.attributes import FeatureFilterSet, filterset_for
from terrafusion.records.api.fields import with_geojson
from terrafusion.records.api.filters import PropertyFilterSet, ReferenceLayerFilterSet, SaleFilterSet
from terrafusion.records.api.settings import CountySettingsSerializer
from terrafusion.records.models import (
    County,
    CountySettings,
    PropertyOperational,
    PropertyValueHistory,
    ReferenceFeature,
    ReferenceLayer,
    Sale,
)


def visible(queryset: QuerySet[Any], request: Request) -> QuerySet[Any]:
    """The rows of the user's counties.

    The counties are read first and named in the query, for superusers too: a list of constants lets PostgreSQL use the
    indexes that begin with the county, which a subquery keeps it from.
    """
    return queryset.filter(county__in=list(counties_for(request.user).values_list("pk", flat=True)))


class CountyViewSet(KnownParameters, ReadOnlyModelViewSet[County]):
    """The counties that you have rights to."""

    queryset = County.objects.all()
    serializer_class = serializers.CountySerializer
    lookup_value_regex = "[A-Z0-9_]{1,32}"

    def get_queryset(self) -> QuerySet[County]:
        return counties_for(self.request.user)

    @extend_schema(responses=CountySettingsSerializer, summary="A county's settings")
    @action(
        detail=True,
        url_path="settings",
        url_name="settings",
        name="Settings",
        serializer_class=CountySettingsSerializer,
    )
    def county_settings(self, request: Request, pk: str) -> Response:
        """What the county allows and prefers; it applies to each job. A manager changes settings with PATCH: those that
        the body names, all of them or none."""
        return Response(self.get_serializer(CountySettings.of(self.get_object())).data)

    @extend_schema(
        request=CountySettingsSerializer(partial=True),
        responses={200: CountySettingsSerializer, 400: ProblemSerializer, 403: ProblemSerializer},
        summary="Change settings of a county",
    )
    @county_settings.mapping.patch
    def change_settings(self, request: Request, pk: str) -> Response:
        """Change the settings named in the body. Requires the manager role in the county."""
        county = self.get_object()
        require(request.user, Role.MANAGER, county.pk)
        with transaction.atomic():
            CountySettings.objects.get_or_create(county=county)
            settings = CountySettings.objects.select_for_update().get(county=county)
            serializer = self.get_serializer(settings, data=request.data, partial=True)
            serializer.is_valid(raise_exception=True)
            serializer.save()
        return Response(serializer.data)


@extend_schema_view(
    list=extend_schema(summary="Parcels as a GeoJSON FeatureCollection"), retrieve=extend_schema(summary="One parcel")
)
class PropertyViewSet(KnownParameters, ReadOnlyModelViewSet[PropertyOperational]):
    """Parcels with their outlines, characteristics and assessed values, as GeoJSON. Areas are in square feet, values in
    US dollars. Owners and their addresses are left out."""

    queryset = PropertyOperational.objects.all()
    serializer_class = serializers.PropertySerializer
    pagination_class = GeoJsonCursorPagination
    filterset_class = PropertyFilterSet
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[PropertyOperational]:
        return with_geojson(visible(super().get_queryset(), self.request), "geometry")

    @extend_schema(responses=serializers.ValueSerializer(many=True), summary="What the parcel was valued at")
    @action(detail=True, url_path="value-history", pagination_class=None, filter_backends=(), name="Value history")
    def value_history(self, request: Request, pk: str) -> Response:
        """What the parcel was valued at, the latest first; values in US dollars."""
        parcel = get_object_or_404(visible(PropertyOperational.objects.only("id"), request), pk=pk)
        history = PropertyValueHistory.objects.filter(property=parcel).order_by("-effective_date", "-id")
        return Response(serializers.ValueSerializer(history, many=True).data)


@extend_schema_view(
    list=extend_schema(summary="Sales as a GeoJSON FeatureCollection"), retrieve=extend_schema(summary="One sale")
)
class SaleViewSet(KnownParameters, ReadOnlyModelViewSet[Sale]):
    """Recorded sales, at the place of their parcel, as GeoJSON. Prices are in US dollars. A sale of several parcels has
    a row for each of them."""

    queryset = Sale.objects.all()
    serializer_class = serializers.SaleSerializer
    pagination_class = GeoJsonCursorPagination
    filterset_class = SaleFilterSet
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[Sale]:
        return with_geojson(visible(super().get_queryset(), self.request), "point")


class ReferenceLayerViewSet(KnownParameters, ReadOnlyModelViewSet[ReferenceLayer]):
    """Other layers of a county: zoning, flood zones, taxing districts, roads; each with its fields."""

    queryset = ReferenceLayer.objects.all()
    serializer_class = serializers.ReferenceLayerSerializer
    filterset_class = ReferenceLayerFilterSet
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> QuerySet[ReferenceLayer]:
        return visible(super().get_queryset(), self.request)


_WHERE = OpenApiParameter(
    "where",
    {"type": "object", "additionalProperties": {"type": "string"}},
    style="deepObject",
    explode=True,
    description="Attributes by the layer's declared fields, as `where[ZCODE]=C-1`; all of them must hold.",
)


class FeatureViewSet(KnownParameters, GenericViewSet[ReferenceFeature]):
    """The features of one reference layer, as GeoJSON; ``properties`` are the layer's declared fields, without those
    that are personal data. Filter by them as `where[NAME]=value`."""

    queryset = ReferenceFeature.objects.all()
    serializer_class = serializers.FeatureSerializer
    pagination_class = GeoJsonCursorPagination

    @cached_property
    def layer(self) -> ReferenceLayer:
        layer: ReferenceLayer = get_object_or_404(
            visible(ReferenceLayer.objects.all(), self.request), pk=self.kwargs["pk"]
        )
        return layer

    @property
    def filterset_class(self) -> type[FeatureFilterSet]:
        return FeatureFilterSet if getattr(self, "swagger_fake_view", False) else filterset_for(self.layer)

    def get_queryset(self) -> QuerySet[ReferenceFeature]:
        return with_geojson(super().get_queryset().filter(layer=self.layer), "geometry")

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "layer": self.layer}

    @extend_schema(
        summary="Features of a layer as a GeoJSON FeatureCollection",
        parameters=[OpenApiParameter("id", OpenApiTypes.INT, OpenApiParameter.PATH), _WHERE],
    )
    def list(self, request: Request, pk: str) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
