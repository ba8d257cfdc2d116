"""What makes a list of jobs in the admin as quick with a million of them as with a hundred: nothing reads them all."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.admin.utils import label_for_field
from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from terrafusion.jobs import errors
from terrafusion.jobs.registry import type_of

if TYPE_CHECKING:
    from terrafusion.jobs.models import AbstractJob

    Lists = Paginator[Any]
else:
    Lists = Paginator

MAX_COUNTED = 10_000
_MAX_USERS = 100


class NewestPaginator(Lists):
    """Pages of the first ``MAX_COUNTED`` rows; filters and the search lead to what is older."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[:MAX_COUNTED].count())


class _KnownValues(admin.SimpleListFilter):
    """Offers the values that there can be. Django's own filter looks which of them all rows have."""

    def choices_of(self, model: type[Model]) -> Iterable[str]:
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        return [(value, value) for value in self.choices_of(model_admin.model)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset if value is None else queryset.filter(**{str(self.parameter_name): value})


class ErrorCodeFilter(_KnownValues):
    title = "error code"
    parameter_name = "error_code"

    def choices_of(self, model: type[Model]) -> Iterable[str]:
        return sorted(errors.known())


def type_filter(model: type[AbstractJob]) -> type[_KnownValues]:
    """Of the type's own column, such as ``export_format``."""
    job_type = type_of(model)
    label = str(label_for_field(job_type.type_field, model))

    class TypeFilter(_KnownValues):
        title = label
        parameter_name = job_type.type_field

        def choices_of(self, model: type[Model]) -> Iterable[str]:
            return sorted(job_type.type_values())

    return TypeFilter


def search(queryset: QuerySet[Any], words: Iterator[str] | list[str]) -> QuerySet[Any]:
    """Jobs that each word names: by their id, or by a part of the name of the user who submitted them."""
    for word in words:
        try:
            queryset = queryset.filter(pk=uuid.UUID(word))
        except ValueError:
            users = get_user_model().objects.filter(username__icontains=word).order_by("pk")
            # By number and not by name: how many jobs each of them has is known to PostgreSQL before it looks.
            queryset = queryset.filter(submitted_by__in=list(users.values_list("pk", flat=True)[:_MAX_USERS]))
    return queryset
