"""Runs, values, decisions and models in the admin, to be looked at; the county's tables, to be edited."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from terrafusion.jobs.admin import JobAdmin
from terrafusion.records.county_admin import OwnCountiesAdmin
from terrafusion.records.record_admin import CappedPaginator
from valuation.decisions.rules import FIXED
from valuation.models import (
    SCHEDULES,
    DecidedValue,
    Decision,
    EvaluationSale,
    PropertyValuation,
    State,
    Step,
    ValuationJob,
    ValuationModel,
)

admin.site.register(ValuationJob, JobAdmin)


class CountyRows(OwnCountiesAdmin):
    """Large tables: nothing is counted beyond a limit."""

    show_full_result_count = False
    paginator = CappedPaginator
    list_per_page = 50


class ReadOnly(CountyRows):
    """Written by runs and decisions, never by hand: decisions are made over REST, with their reasons."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(PropertyValuation)
class PropertyValuationAdmin(ReadOnly):
    list_display = ("parcel_number", "county_id", "value", "override_value", "previous_value", "state", "job_id")
    readonly_fields = ("decide",)
    list_filter = ("state", "county")
    search_fields = ("parcel_number__exact", "job__job_id__exact")
    search_help_text = "A whole parcel number, or the id of a run."
    sortable_by = ()
    ordering = ("-id",)

    @admin.display(description="Decide")
    def decide(self, row: PropertyValuation) -> str:
        """On the page of decisions, which asks for the right and a reason; there a certified value is corrected too."""
        step = Step.CORRECT if row.state == State.CERTIFIED else Step.OVERRIDE
        return _preview_link(row.job_id, step.label.split(":")[0], step=step)


@admin.register(Decision)
class DecisionAdmin(ReadOnly):
    """The audit trail."""

    list_display = ("decided_at", "county_id", "step", "parcels", "decided_by", "reason", "effective_date", "job_id")
    readonly_fields = ("undo",)
    list_filter = ("step", "county", "decided_at")
    list_select_related = ("decided_by",)
    search_fields = ("job__job_id__exact", "decided_by__username", "reason")
    ordering = ("-decided_at", "-id")

    @admin.display(description="Undo")
    def undo(self, decision: Decision) -> str:
        if decision.step in FIXED:
            return "cannot be revoked"
        return _preview_link(decision.job_id, "Revoke", step=Step.REVOKE, decision=decision.pk)


def _preview_link(job_id: object, text: str, **filled_in: Any) -> str:
    page = reverse("valuation:preview", args=[job_id])
    return format_html('<a href="{}?{}">{}</a>', page, urlencode(filled_in), text)


@admin.register(DecidedValue)
class DecidedValueAdmin(ReadOnly):
    """The audit trail, parcel by parcel."""

    county_path = "decision__county"
    list_display = ("parcel", "step", "decided_at", "decided_by", "value_before", "value_after", "state_before")
    list_select_related = ("decision__decided_by", "valuation")
    list_filter = ("decision__step",)
    search_fields = ("valuation__parcel_number__exact", "decision__id__exact")
    search_help_text = "A whole parcel number, or the id of a decision."
    sortable_by = ()
    ordering = ("-id",)

    @admin.display(description="Parcel")
    def parcel(self, row: DecidedValue) -> str:
        return row.valuation.parcel_number

    @admin.display(description="Step")
    def step(self, row: DecidedValue) -> str:
        return row.decision.step

    @admin.display(description="When")
    def decided_at(self, row: DecidedValue) -> datetime:
        return row.decision.decided_at

    @admin.display(description="Who")
    def decided_by(self, row: DecidedValue) -> str:
        return row.decision.decided_by.get_username()


@admin.register(EvaluationSale)
class EvaluationSaleAdmin(ReadOnly):
    """The sales that a run was held against."""

    list_display = ("sale_id", "parcel_number", "county_id", "sale_date", "sale_price", "value", "ratio", "job_id")
    list_filter = ("county",)
    search_fields = ("parcel_number__exact", "job__job_id__exact")
    search_help_text = "A whole parcel number, or the id of a run."
    sortable_by = ()
    ordering = ("-id",)


@admin.register(ValuationModel)
class ValuationModelAdmin(ReadOnly):
    list_display = ("id", "county_id", "method", "valuation_date", "sales", "created_at", "artefact_bytes")
    list_filter = ("county", "method")
    exclude = ("artefact",)
    ordering = ("-created_at", "-id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer("artefact")


class RateTableAdmin(CountyRows):
    """A table of rates: one row for each thing and day."""

    list_filter: ClassVar[tuple[str, ...]] = ("county", "effective_from", "is_example")
    readonly_fields: ClassVar[tuple[str, ...]] = ("updated_at",)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return ["__str__", *self.model.key, *self.model.figures, "is_example"]


for _model in SCHEDULES.values():
    admin.site.register(_model, RateTableAdmin)
