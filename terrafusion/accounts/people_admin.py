"""People in the admin: what each may do in which county, and nobody made more powerful than who does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.timezone import localtime

from terrafusion.history.track import BEFORE, Edit, edit_model_of
from terrafusion.records.access import Role, counties_for
from terrafusion.records.models import CountyAccess
from terrafusion.words import counted

if TYPE_CHECKING:  # Django's own class takes no type parameters at run time
    from django.contrib.admin.options import _FieldsetSpec

    PersonPages = UserAdmin[User]
else:
    PersonPages = UserAdmin

_OF_SUPERUSERS = ("is_superuser", "groups", "user_permissions")
_RIGHTS = "rights"

admin.site.unregister(User)


@admin.register(User)
class PersonAdmin(PersonPages):
    """Whoever may change users and is no superuser makes nobody one, gives no permissions, leaves superusers alone."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> User | None:
        person = super().get_object(request, object_id, from_field)
        if person is not None:
            person.asked_by = request.user  # type: ignore[attr-defined]  # a column is worked out from the row alone
        return person

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> _FieldsetSpec:
        shown = list(super().get_fieldsets(request, obj))
        return shown if obj is None else [shown[0], ("Rights in counties", {"fields": (_RIGHTS,)}), *shown[1:]]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        fields = (*super().get_readonly_fields(request, obj), _RIGHTS)
        return fields if request.user.is_superuser else (*fields, *_OF_SUPERUSERS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _within_reach(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _within_reach(request, obj)

    @admin.display(description="Rights")
    def rights(self, person: User) -> str:
        """The role and the right to personal data in each county, with the grant that gives them and who made it."""
        if not person.is_active:
            return "None: the account is not active."
        if person.is_superuser:
            return "All, in every county, personal data included: a superuser."
        asked_by = getattr(person, "asked_by", None)
        grants = CountyAccess.objects.filter(user=person).select_related("county").order_by("county")
        own = [grant for grant in grants if grant.county in set(counties_for(asked_by))] if asked_by else []
        return _table(own, len(grants) - len(own))


def _within_reach(request: HttpRequest, person: User | None) -> bool:
    return request.user.is_superuser or person is None or not person.is_superuser


def _table(grants: list[CountyAccess], others: int) -> str:
    more = f"Also {counted(others, 'county', 'counties')} that you have no right to." if others else ""
    if not grants:
        return more or "None in any county."
    given = _given(grants)
    rows = format_html_join(
        "",
        '<tr><td>{} ({})</td><td>{}</td><td>{}</td><td><a href="{}">{}</a></td></tr>',
        (
            (
                grant.county.name,
                grant.county_id,
                Role(grant.role).label,
                "yes" if grant.may_see_personal_data else "no",
                reverse("admin:records_countyaccess_change", args=[grant.pk]),
                given.get(grant.pk, "before edits were recorded"),
            )
            for grant in grants
        ),
    )
    head = "<tr><th>County</th><th>Role</th><th>Personal data</th><th>Given, or last changed</th></tr>"
    return format_html("<table><thead>" + head + "</thead><tbody>{}</tbody></table>{}", rows, more)


def _given(grants: list[CountyAccess]) -> dict[int, str]:
    """Who made each grant what it is, and when, by the record of edits."""
    table: Any = edit_model_of(CountyAccess)
    edits: QuerySet[Any] = table.objects.filter(pgh_obj__in=[grant.pk for grant in grants]).exclude(pgh_label=BEFORE)
    return {edit.pgh_obj_id: _worded(edit) for edit in edits.order_by("pgh_obj", "-pgh_id").distinct("pgh_obj")}


def _worded(edit: Edit) -> str:
    made = edit.pgh_context or {}
    who = made.get("username") or made.get("os_user") or "SQL, outside the application"
    return f"{localtime(edit.pgh_created_at):%Y-%m-%d}, by {who}"
