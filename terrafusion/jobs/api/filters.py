"""Query-string filters of a list of jobs."""

from __future__ import annotations

from django_filters import rest_framework as filters

from terrafusion.api.filters import InstantFilter
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.registry import type_of
from terrafusion.jobs.states import Status


class JobFilterSet(filters.FilterSet):
    # Not distinct, which is the filter's default: PostgreSQL would compare whole rows.
    status = filters.MultipleChoiceFilter(
        choices=Status.choices, distinct=False, help_text="May be given more than once."
    )
    county_id = filters.CharFilter(field_name="county_id", help_text="Jobs of one county.")
    schedule_id = filters.UUIDFilter(field_name="schedule_id", help_text="Jobs of one schedule.")
    created_after = InstantFilter(field_name="created_at", lookup_expr="gte", help_text="At or after.")
    created_before = InstantFilter(field_name="created_at", lookup_expr="lt", help_text="Before.")


def filterset_of(model: type[AbstractJob]) -> type[JobFilterSet]:
    """The filters above and one named as the type's own column, such as ``export_format``."""
    job_type = type_of(model)
    choices = lambda: [(value, value) for value in sorted(job_type.type_values())]  # noqa: E731
    own = filters.ChoiceFilter(choices=choices, help_text="Jobs of one kind.")
    meta = type("Meta", (), {"model": model, "fields": []})
    return type(f"{model.__name__}FilterSet", (JobFilterSet,), {job_type.type_field: own, "Meta": meta})
