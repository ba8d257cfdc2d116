"""Edits in the admin: who changed which row, when, from what to what. Nobody can change them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Max, Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join

from terrafusion.history.track import AFTER, BEFORE, Edit, edit_models
from terrafusion.records import access_log
from terrafusion.records.access import counties_for, may_see_personal_data
from terrafusion.records.access_log import Seen
from terrafusion.records.county_admin import OwnCountiesAdmin
from terrafusion.records.models import Act
from terrafusion.records.parcel_fields import PERSONAL_DATA
from terrafusion.types import AnyUser

if TYPE_CHECKING:
    AnyAdmin = admin.ModelAdmin[Any]
else:
    AnyAdmin = admin.ModelAdmin
_DONE = {"insert": "Added", AFTER: "Changed", "delete": "Deleted"}
_WITHHELD = "(personal data)"


class EditList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        attach_changes(list(self.result_list), request.user)


class EditAdmin(OwnCountiesAdmin):
    """An update is one entry, made of the row as it was and as it became."""

    list_display = ("pgh_created_at", "who", "done", "row", "changes")
    list_display_links = ("pgh_created_at",)
    fields = readonly_fields = (*list_display, "through")
    ordering = ("-pgh_id",)
    sortable_by = ()
    list_per_page = 50
    show_full_result_count = False
    date_hierarchy = "pgh_created_at"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return EditList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = AnyAdmin.get_queryset(self, request).exclude(pgh_label=BEFORE)
        if not request.user.is_superuser:
            path = _county_path(self.model)
            own = list(counties_for(request.user))
            rows = rows.filter(**{f"{path}__in": own}) if path else rows.none()
        earlier = self.model._default_manager.filter(
            pgh_obj=OuterRef("pgh_obj"), pgh_label=BEFORE, pgh_id__lt=OuterRef("pgh_id")
        )
        newest = earlier.order_by().values("pgh_obj").annotate(newest=Max("pgh_id")).values("newest")
        edits: QuerySet[Any] = rows.annotate(before_id=Subquery(newest))
        return edits

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Model | None:
        edit = super().get_object(request, object_id, from_field)
        if edit is not None:
            attach_changes([edit], request.user)
        return edit

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description="Who")
    def who(self, edit: Edit) -> str:
        made = edit.pgh_context or {}
        if made.get("username"):
            return str(made["username"])
        return f"{made['os_user']} (on the server)" if made.get("os_user") else "SQL, outside the application"

    @admin.display(description="Through")
    def through(self, edit: Edit) -> str:
        made = edit.pgh_context or {}
        return made.get("url") or (f"manage.py {made['command']}" if made.get("command") else "unknown")

    @admin.display(description="Done")
    def done(self, edit: Edit) -> str:
        return _DONE[edit.pgh_label]

    @admin.display(description="Row")
    def row(self, edit: Edit) -> str:
        named = (getattr(edit, name, None) for name in ("county_id", "parcel_number", "sale_id", "username"))
        return " ".join([str(edit.pgh_obj_id), *(str(name) for name in named if name)])

    @admin.display(description="Changes")
    def changes(self, edit: Edit) -> str:
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}: {} → {}</li>", edit.changes))


def attach_changes(edits: list[Any], user: AnyUser) -> None:
    """Sets ``changes`` of each: triples of a column, its old and its new value."""
    if not edits:
        return
    before = edits[0]._meta.model._default_manager.in_bulk(
        [edit.before_id for edit in edits if edit.pgh_label == AFTER]
    )
    names = [field.attname for field in edits[0]._meta.concrete_fields if not field.name.startswith("pgh_")]
    open_to: dict[str, bool] = {}
    for edit in edits:
        old = {"insert": None, "delete": edit}.get(edit.pgh_label, before.get(edit.before_id))
        new = None if edit.pgh_label == "delete" else edit
        county_id = getattr(edit, "county_id", "")  # people's own rows are of none
        if county_id not in open_to:
            open_to[county_id] = may_see_personal_data(user, county_id)
        edit.changes = [
            (name, *(_WITHHELD,) * 2) if name in PERSONAL_DATA and not open_to[county_id] else (name, was, became)
            for name in names
            if (was := _shown(old, name)) != (became := _shown(new, name))
        ]
    seen = [
        Seen((edit.county_id,), "parcel edit", str(edit.pgh_id))
        for edit in edits
        if open_to[getattr(edit, "county_id", "")] and PERSONAL_DATA & {name for name, *_ in edit.changes}
    ]
    access_log.record(user, Act.READ, seen)


def register_all() -> None:
    """Of all apps: the tables are known once the models are."""
    for model in edit_models():
        admin.site.register(model, EditAdmin)


def _shown(edit: Edit | None, name: str) -> str:
    value = None if edit is None else getattr(edit, name)
    return "empty" if value in (None, "") else str(value)


def _county_path(model: type[Model]) -> str:
    """How an edit names its county; rights of people as such belong to none."""
    names = {field.name for field in model._meta.concrete_fields}
    if "county" in names:
        return "county"
    return "pgh_obj" if model.__name__ == "CountyEvent" else ""
