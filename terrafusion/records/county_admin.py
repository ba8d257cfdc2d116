"""Admin pages that show each member of the staff the rows of their own counties; a superuser sees all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.db.models import Field, ForeignKey, ManyToManyField, QuerySet
from django.http import HttpRequest

from terrafusion.records.access import counties_for
from terrafusion.records.models import County, ReferenceLayer

if TYPE_CHECKING:  # Django's own class takes no type parameters at run time
    AnyAdmin = admin.ModelAdmin[Any]
    AnyField = Field[Any, Any] | ForeignKey[Any] | ManyToManyField[Any, Any]
else:
    AnyAdmin = admin.ModelAdmin


class OwnListFilter(admin.RelatedFieldListFilter):
    """Offers the user's counties, or what there is in them."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: AnyAdmin) -> Any:
        path = "pk__in" if field.related_model is County else "county__in"
        return field.get_choices(
            include_blank=False, ordering=("pk",), limit_choices_to={path: counties_for(request.user)}
        )


class OwnCountiesAdmin(AnyAdmin):
    """Lists, forms and choices hold what is in the user's counties. ``county_path`` leads from a row to its county."""

    county_path: ClassVar[str] = "county"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(**{f"{self.county_path}__in": counties_for(request.user)})

    def get_list_filter(self, request: HttpRequest) -> Any:
        own = {"county", "layer"}
        return [(name, OwnListFilter) if name in own else name for name in super().get_list_filter(request)]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.related_model is County:
            kwargs["queryset"] = counties_for(request.user)
        elif db_field.related_model is ReferenceLayer:
            kwargs["queryset"] = ReferenceLayer.objects.filter(county__in=counties_for(request.user))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
