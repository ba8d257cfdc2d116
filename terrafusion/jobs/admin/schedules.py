"""Schedules in the admin: inspect, pause, let run, run now, delete. What they ask for is seen and changed over REST."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from rest_framework.exceptions import APIException

from terrafusion.jobs.admin.jobs import allowed
from terrafusion.jobs.errors import Refused
from terrafusion.jobs.models import Schedule
from terrafusion.jobs.rights import role_to_act
from terrafusion.jobs.schedules import clock
from terrafusion.records.access import Role, rights_of
from terrafusion.records.county_admin import OwnCountiesAdmin
from terrafusion.words import error_text


@admin.register(Schedule)
class ScheduleAdmin(OwnCountiesAdmin):
    list_display = ["name", "job_type", "county", "owner", "cron", "time_zone", "enabled", "next_run_at", "last_event"]
    list_filter = ["enabled", "job_type", "county"]
    list_select_related = ["county", "owner"]
    search_fields = ["name", "schedule_id__exact", "owner__username"]
    list_per_page = 50
    actions = ["pause_schedules", "arm_schedules", "run_schedules"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [*(field.name for field in Schedule._meta.fields if field.name != "request"), "latest"]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return self.get_readonly_fields(request, obj)

    min_role = Role.ANALYST

    def may_edit(self, request: HttpRequest, row: Any) -> bool:
        return rights_of(request.user).has(row.county_id, role_to_act(row.owner_id, request.user))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="latest result")
    def latest(self, schedule: Schedule) -> str:
        return format_html('<a href="{0}">{0}</a>', reverse("schedules:latest", args=[schedule.pk]))

    @admin.action(description="Pause the selected schedules", permissions=["change"])
    def pause_schedules(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        with transaction.atomic():
            for schedule in allowed(self, request, queryset.order_by("pk").select_for_update(of=("self",))):
                clock.pause(schedule, f"Paused by {request.user}.")
                schedule.save()

    @admin.action(description="Let the selected schedules run", permissions=["change"])
    def arm_schedules(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        with transaction.atomic():
            for schedule in allowed(self, request, queryset.order_by("pk").select_for_update(of=("self",))):
                try:
                    clock.check(schedule)
                except (Refused, APIException) as refused:
                    self.message_user(request, f"{schedule}: {error_text(refused)}", messages.WARNING)
                    continue
                clock.arm(schedule)
                schedule.save()

    @admin.action(description="Submit a job of the selected schedules now", permissions=["change"])
    def run_schedules(self, request: HttpRequest, queryset: QuerySet[Schedule]) -> None:
        for schedule in allowed(self, request, queryset):
            try:
                job = clock.run(schedule)
            except (Refused, APIException) as refused:
                self.message_user(request, f"{schedule}: {error_text(refused)}", messages.WARNING)
            else:
                self.message_user(request, f"{schedule}: job {job.pk} is {job.status}.", messages.SUCCESS)
