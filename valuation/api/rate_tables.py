"""A county's tables of rates over REST: read with any right to the county, edited by its managers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import django_filters
from django.core.exceptions import ValidationError as ModelFaults
from django.db.models import Field, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers, viewsets
from rest_framework.routers import SimpleRouter

from terrafusion.api.pagination import CursorPagination
from terrafusion.api.schema import ProblemSerializer
from terrafusion.api.serializers import KnownKeys
from terrafusion.api.views import KnownParameters
from terrafusion.records.access import Role, counties_for, require
from terrafusion.records.api.county import CountyField
from valuation.models import SCHEDULES
from valuation.models.schedules import ScheduleRow

_FAULTS = {400: ProblemSerializer, 403: ProblemSerializer}


class RateSerializer(KnownKeys, serializers.ModelSerializer[ScheduleRow]):
    """A row of one table. ``effective_from``, the texts and the size say what it is for; the rest are its figures."""

    county_id = CountyField(source="county", help_text="The county's id; it stays as it was when the row was made.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What the model and the database ask of a row, one row a key among it."""
        row = self.Meta.model()
        if self.instance is not None:
            row = self.Meta.model(**{field.attname: getattr(self.instance, field.attname) for field in _stored(row)})
            if attrs.get("county", row.county) != row.county:
                raise serializers.ValidationError({"county_id": ["A row stays in its county: add one there."]})
        for name, value in attrs.items():
            setattr(row, name, value)
        row._state.adding = self.instance is None
        try:
            row.full_clean()
        except ModelFaults as faults:
            raise serializers.ValidationError(faults.message_dict) from None
        return attrs

    class Meta:
        model: type[ScheduleRow]  # that of a subclass
        validators: list[Any] = []  # full_clean sees to them, and also to defaults


def _stored(row: ScheduleRow) -> Sequence[Field[Any, Any]]:
    return row._meta.concrete_fields


class RateViewSet(KnownParameters, viewsets.ModelViewSet[ScheduleRow]):
    """The rows of one table."""

    pagination_class = CursorPagination
    lookup_value_regex = "[0-9]{1,18}"
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def get_queryset(self) -> QuerySet[ScheduleRow]:
        return super().get_queryset().filter(county__in=counties_for(self.request.user))

    def perform_create(self, serializer: serializers.BaseSerializer[ScheduleRow]) -> None:
        require(self.request.user, Role.MANAGER, serializer.validated_data["county"].pk)
        serializer.save()

    def perform_update(self, serializer: serializers.BaseSerializer[ScheduleRow]) -> None:
        assert serializer.instance is not None  # noqa: S101 - for the type checker
        require(self.request.user, Role.MANAGER, serializer.instance.county_id)
        serializer.save()

    def perform_destroy(self, instance: ScheduleRow) -> None:
        require(self.request.user, Role.MANAGER, instance.county_id)
        instance.delete()


def _filters(table: type[ScheduleRow]) -> type[django_filters.FilterSet]:
    filters = {
        "county_id": django_filters.CharFilter(field_name="county_id", label="County"),
        "effective_from": django_filters.DateFilter(label="Effective date"),
        "property_class": django_filters.CharFilter(label="Property class"),
        "use_code": django_filters.CharFilter(label="Use code"),
    }
    meta = type("Meta", (), {"model": table, "fields": []})
    return type(f"{table.__name__}FilterSet", (django_filters.FilterSet,), {"Meta": meta, **filters})


def _viewset(table: type[ScheduleRow]) -> type[RateViewSet]:
    name, plural = str(table._meta.verbose_name), str(table._meta.verbose_name_plural)
    columns = ["id", "county_id", "effective_from", *table.key, *table.figures, "is_example", "source", "updated_at"]
    meta = type("Meta", (RateSerializer.Meta,), {"model": table, "fields": columns, "read_only_fields": ["updated_at"]})
    serializer = type(f"{table.__name__}Serializer", (RateSerializer,), {"Meta": meta, "__doc__": table.__doc__})
    attributes = {
        "__doc__": f"{table.__doc__}\n\nReading requires a right to the county, editing the manager role in it.",
        "queryset": table._default_manager.all(),
        "serializer_class": serializer,
        "filterset_class": _filters(table),
    }
    viewset = type(f"{table.__name__}ViewSet", (RateViewSet,), attributes)
    described: type[RateViewSet] = extend_schema_view(
        list=extend_schema(summary=f"{plural.capitalize()} of a county"),
        create=extend_schema(summary=f"Add a {name}", responses={201: serializer, **_FAULTS}),
        retrieve=extend_schema(summary=f"One {name}"),
        partial_update=extend_schema(summary=f"Change a {name}", responses={200: serializer, **_FAULTS}),
        destroy=extend_schema(summary=f"Remove a {name}", responses={204: None, 403: ProblemSerializer}),
    )(viewset)
    return described


router = SimpleRouter()
router.trailing_slash = "/?"
for _name, _table in SCHEDULES.items():
    router.register(f"rate-tables/{_name}", _viewset(_table), basename=f"rates-{_name}")
