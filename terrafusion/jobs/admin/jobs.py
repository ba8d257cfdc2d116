"""The admin of a job type: inspect everything, change nothing; rerun, cancel, and open the file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html
from rest_framework.exceptions import PermissionDenied

from terrafusion.jobs import dispatch, options, personal_data
from terrafusion.jobs.admin.lists import ErrorCodeFilter, NewestPaginator, search, type_filter
from terrafusion.jobs.errors import Refused
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.registry import type_of
from terrafusion.jobs.rights import check_may_rerun, refusal, role_to_act
from terrafusion.records.access import Role, rights_of
from terrafusion.records.county_admin import OwnCountiesAdmin, OwnListFilter

_OPEN = {
    *("job_id", "county", "status", "error_code", "progress", "attempt", "worker", "heartbeat_at", "lane"),
    *(
        "enqueued_at",
        "cancel_requested_at",
        "submitted_by",
        "rerun_of",
        "schedule",
        "created_at",
        "updated_at",
        "started_at",
    ),
    *("started_at", "completed_at", "expires_at", "read_role", "contains_personal_data", "asked_for"),
    *("export_format", "analysis_type", "report_type", "format", "valuation_method"),
}
"""What is shown of a job to who may not read its result."""


class JobAdmin(OwnCountiesAdmin):
    """A plugin registers its model with a subclass of this; the type column and filter add themselves."""

    search_fields = ["job_id", "submitted_by__username"]  # that there is a search; get_search_results says which
    search_help_text = "An id, or a part of the name of who submitted the job."
    paginator = NewestPaginator
    list_select_related = ["submitted_by"]
    ordering = ["-created_at"]
    sortable_by = ["created_at"]  # by another column all rows would be read
    show_full_result_count = False  # counting all rows twice for each page is slow on a large table
    list_per_page = 50
    actions = ["cancel_jobs", "rerun_jobs"]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        own = type_of(self.model).type_field
        return [
            "short_id",
            "status",
            own,
            "file",
            "county_id",
            "submitted_by",
            "created_at",
            "completed_at",
            "progress",
        ]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        own = type_of(self.model).type_field
        offered = own if self.model._meta.get_field(own).choices else type_filter(self.model)
        return ["status", offered, ("county", OwnListFilter), ErrorCodeFilter, "created_at"]

    def lookup_allowed(self, lookup: str, value: object, request: HttpRequest | None = None) -> bool:
        own = {ErrorCodeFilter.parameter_name, type_of(self.model).type_field}
        return lookup in own or super().lookup_allowed(lookup, value, request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return search(queryset, search_term.split()), False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        hidden = {"claim_token", "options"}
        return [*(field.name for field in self.model._meta.fields if field.name not in hidden), "asked_for", "file"]

    def get_fields(self, request: HttpRequest, obj: AbstractJob | None = None) -> list[Any]:
        """To who may not read the result, nothing of it or of what was asked for."""
        shown = self.get_readonly_fields(request, obj)
        if obj is None or not refusal(obj, request.user):
            return shown
        return [name for name in shown if name in _OPEN]

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: AbstractJob | None = None,
    ) -> HttpResponse:
        if obj is not None and not refusal(obj, request.user):
            personal_data.record_read(request.user, obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    min_role = Role.ANALYST

    def may_edit(self, request: HttpRequest, row: Any) -> bool:
        return rights_of(request.user).has(row.county_id, role_to_act(row.submitted_by_id, request.user))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False  # a job is a record of what was handed out; its file expires, the row stays

    @admin.display(description="job", ordering="job_id")
    def short_id(self, job: AbstractJob) -> str:
        return str(job.pk)[:8]

    @admin.display(description="options")
    def asked_for(self, job: AbstractJob) -> str:
        return json.dumps(options.for_others(job.options))

    @admin.display(description="file")
    def file(self, job: AbstractJob) -> str:
        if not job.result_file:
            return "-"
        address = reverse(f"{type_of(job).name}:download", args=[job.job_id])
        return format_html('<a href="{}">{}</a>', address, filesizeformat(job.result_file_bytes or 0))

    @admin.action(description="Cancel the selected jobs", permissions=["change"])
    def cancel_jobs(self, request: HttpRequest, queryset: QuerySet[AbstractJob]) -> None:
        for job in allowed(self, request, queryset):
            try:
                dispatch.cancel(job)
                self.message_user(request, f"{job.job_id} is {job.status}.", messages.SUCCESS)
            except Refused as refused:
                self.message_user(request, f"{job.job_id}: {refused}", messages.WARNING)

    @admin.action(description="Rerun the selected jobs as new ones", permissions=["change"])
    def rerun_jobs(self, request: HttpRequest, queryset: QuerySet[AbstractJob]) -> None:
        for job in allowed(self, request, queryset):
            try:
                check_may_rerun(job, request.user)
                again = dispatch.rerun(job, request.user)
                self.message_user(request, f"{again.job_id} reruns {job.job_id}.", messages.SUCCESS)
            except (Refused, PermissionDenied) as refused:
                self.message_user(request, f"{job.job_id}: {refused}", messages.WARNING)


def allowed(pages: OwnCountiesAdmin, request: HttpRequest, rows: Iterable[Any]) -> Iterator[Any]:
    """Those of the rows that the user's role lets them act on; of each other one a message says so."""
    for row in rows:
        if pages.may_edit(request, row):
            yield row
        else:
            pages.message_user(request, f"{row.pk}: your role in {row.county_id} does not allow it.", messages.WARNING)
