"""Admin pages that show each member of the staff the rows of their own counties, and let them change what their roles
there allow; a superuser sees and changes all.

Django's permissions say which pages a member of the staff has; the rights of counties say for which rows, as over REST.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import Field, ForeignKey, ManyToManyField, Model, QuerySet
from django.db.models.fields.related import RelatedField
from django.forms import ModelChoiceField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from terrafusion.history.track import edit_model_of
from terrafusion.records.access import Role, counties_for, rights_of
from terrafusion.records.models import County, ReferenceLayer

if TYPE_CHECKING:  # Django's own class takes no type parameters at run time
    AnyAdmin = admin.ModelAdmin[Any]
    AnyBase = admin.ModelAdmin[Any]
    AnyField = Field[Any, Any] | ForeignKey[Any] | ManyToManyField[Any, Any]
else:
    AnyAdmin = admin.ModelAdmin
    AnyBase = object


_ENDINGS = ("exact", "in", "isnull", "gte", "lt", "year", "month", "day", "id__exact", "pk__exact")
"""What the filters and dates of a list ask of their own fields."""


class OwnListFilter(admin.RelatedFieldListFilter):
    """Offers the user's counties, or what there is in them."""

    def field_choices(
        self, field: RelatedField[Any, Any], request: HttpRequest, model_admin: AnyAdmin
    ) -> list[tuple[str, Any]]:
        path = "pk__in" if field.related_model is County else "county__in"
        allowed = {path: counties_for(request.user)}
        return list(field.get_choices(include_blank=False, ordering=("pk",), limit_choices_to=allowed))


class CountyRoles(AnyBase):
    """Adding, changing and deleting take ``min_role`` in the row's county, beside Django's permission; of a page that
    is of no row yet, in any county. ``county_path`` leads from a row to its county."""

    county_path: ClassVar[str] = "county"
    min_role: ClassVar[Role] = Role.MANAGER

    def may_edit(self, request: HttpRequest, row: Model) -> bool:
        """Whether the user's rights in the row's county allow it."""
        county_id = self.county_of(row)
        return county_id is not None and rights_of(request.user).has(county_id, self.min_role)

    def county_of(self, row: Model) -> str | None:
        """The id of the row's county; also of the county itself, which is the parent of rows on its page."""
        if isinstance(row, County):
            return row.pk
        parent: object = row
        for name in self.county_path.split("__"):
            parent = getattr(parent, name, None)
        return parent.pk if isinstance(parent, County) else None

    def _allows(self, request: HttpRequest, row: Model | None) -> bool:
        if row is not None:
            return self.may_edit(request, row)
        rights = rights_of(request.user)
        return rights.everything or any(rights.has(county_id, self.min_role) for county_id in rights.roles)

    def has_add_permission(self, request: HttpRequest, *parent: Any) -> bool:
        """On the page of another row, of its ``parent``."""
        return super().has_add_permission(request, *parent) and self._allows(request, next(iter(parent), None))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_change_permission(request, obj) and self._allows(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return super().has_delete_permission(request, obj) and self._allows(request, obj)


class OwnCountiesAdmin(CountyRoles, AnyAdmin):
    """Lists, forms and choices hold what is in the user's counties; only what a list offers as a filter filters it."""

    def lookup_allowed(self, lookup: str, value: object, request: HttpRequest | None = None) -> bool:
        """Django lets any column of the table filter its list, and so be guessed letter by letter. Here: the filters
        that the list shows, its dates, and whole keys."""
        offered = self.list_filter if request is None else self.get_list_filter(request)
        names = [item[0] if isinstance(item, tuple | list) else item for item in (*offered, self.date_hierarchy)]
        keys = ("pk", self.opts.pk.name, "pgh_obj")
        known = {f"{name}__{ending}" for name in names if isinstance(name, str) for ending in _ENDINGS}
        known |= {f"{key}__{ending}" for key in keys for ending in ("exact", "in")} | {*keys}
        known |= {name for name in names if isinstance(name, str)}
        return lookup in known and bool(super().lookup_allowed(lookup, value, request))  # type: ignore[arg-type]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # By their ids and not as a query in the query: PostgreSQL knows how many rows each county has.
        counties = rights_of(request.user).counties()
        rows = super().get_queryset(request)
        return rows if counties is None else rows.filter(**{f"{self.county_path}__in": counties})

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Of a tracked row, who changed what: not the admin's own list, which knows of its own pages only."""
        edits = edit_model_of(self.model)
        if edits is None:
            return super().history_view(request, object_id, extra_context)
        page = reverse(f"admin:{edits._meta.app_label}_{edits._meta.model_name}_changelist")
        return HttpResponseRedirect(f"{page}?{urlencode({'pgh_obj__exact': unquote(object_id)})}")

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        own = {"county", "layer"}
        return [(name, OwnListFilter) if name in own else name for name in super().get_list_filter(request)]

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        if db_field.related_model is County:
            kwargs["queryset"] = counties_for(request.user, at_least=self.min_role)
        elif db_field.related_model is ReferenceLayer:
            kwargs["queryset"] = ReferenceLayer.objects.filter(county__in=counties_for(request.user))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
