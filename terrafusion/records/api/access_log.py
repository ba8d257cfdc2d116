"""The record of access to personal data over REST, for a county's managers and records officers."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django_filters import CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from terrafusion.api.filters import InstantFilter
from terrafusion.api.schema import ProblemSerializer
from terrafusion.api.views import KnownParameters
from terrafusion.records import access_log
from terrafusion.records.models import Act, PersonalDataAccess


class AccessSerializer(serializers.ModelSerializer[PersonalDataAccess]):
    class Meta:
        model = PersonalDataAccess
        fields = ["id", "county_id", "at", "username", "act", "kind", "key", "details", "right"]


class AccessFilterSet(FilterSet):
    county_id = CharFilter(field_name="county_id", help_text="Access to data of one county.")
    username = CharFilter(help_text="Acts of this user name.")
    act = ChoiceFilter(choices=Act.choices, help_text="Acts of this kind.")
    kind = CharFilter(help_text="To one kind of thing, such as gis_export or parcel.")
    key = CharFilter(help_text="To one thing: the id of a job, the number of a parcel.")
    at_gte = InstantFilter(field_name="at", lookup_expr="gte", help_text="From this time on.")
    at_lt = InstantFilter(field_name="at", lookup_expr="lt", help_text="Before this time.")

    class Meta:
        model = PersonalDataAccess
        fields: list[str] = []


@extend_schema_view(
    list=extend_schema(
        summary="Access to personal data", responses={200: AccessSerializer(many=True), 403: ProblemSerializer}
    )
)
class AccessViewSet(KnownParameters, ListModelMixin, GenericViewSet[PersonalDataAccess]):
    """Who read, previewed, exported or downloaded personal data of your counties, the newest first.

    Requires the manager role, or the permission to view access to personal data."""

    queryset = PersonalDataAccess.objects.all()
    serializer_class = AccessSerializer
    filterset_class = AccessFilterSet
    ordering = ("-at", "-id")
    name = "Access to personal data"

    def get_queryset(self) -> QuerySet[PersonalDataAccess]:
        if getattr(self, "swagger_fake_view", False):
            return PersonalDataAccess.objects.none()
        counties = list(access_log.counties_readable_by(self.request.user).values_list("pk", flat=True))
        return super().get_queryset().filter(county__in=counties)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        if not access_log.counties_readable_by(request.user).exists():
            raise PermissionDenied("Requires the manager role, or the permission to view access to personal data.")
        return super().list(request, *args, **kwargs)
