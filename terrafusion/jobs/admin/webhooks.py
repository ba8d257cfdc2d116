"""Deliveries in the admin: inspect, and send again. Addresses are shown by their host, for the rest may hold a key."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from terrafusion.jobs.admin.jobs import allowed
from terrafusion.jobs.models import WebhookDelivery
from terrafusion.jobs.webhooks import outbox
from terrafusion.records.access import Role, rights_of
from terrafusion.records.county_admin import OwnCountiesAdmin


@admin.register(WebhookDelivery)
class DeliveryAdmin(OwnCountiesAdmin):
    list_display = ["host", "job_type", "job_id", "status", "attempts", "response_status", "error_code", "created_at"]
    list_filter = ["status", "error_code", "job_type", "county"]
    search_fields = ["job_id__exact", "delivery_id__exact", "host__exact", "owner__username"]
    show_full_result_count = False
    list_per_page = 50
    actions = ["send_again"]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        return [field.name for field in WebhookDelivery._meta.fields if field.name != "url"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return self.get_fields(request, obj)

    min_role = Role.VIEWER

    def may_edit(self, request: HttpRequest, row: Any) -> bool:
        own = row.owner_id == request.user.pk
        return rights_of(request.user).has(row.county_id, Role.VIEWER if own else Role.MANAGER)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.action(description="Send the selected messages again", permissions=["change"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> None:
        for delivery in allowed(self, request, queryset):
            outbox.send_again(delivery)
        self.message_user(request, "They will be sent in a moment.", messages.SUCCESS)
