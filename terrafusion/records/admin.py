"""Counties, rights, settings and records in the admin."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest

from terrafusion.records import access_log, history_admin, settings_validators
from terrafusion.records.access import may_see_personal_data
from terrafusion.records.access_log import Seen
from terrafusion.records.county_admin import CountyRoles, OwnCountiesAdmin
from terrafusion.records.grants_admin import AccessForm, may_change_right, of_giver
from terrafusion.records.layers import named
from terrafusion.records.layers.reference import layer_of
from terrafusion.records.models import (
    SETTINGS,
    County,
    CountyAccess,
    CountySettings,
    PersonalDataAccess,
    PropertyOperational,
    PropertyValueHistory,
    ReferenceFeature,
    ReferenceLayer,
    Sale,
    UploadedArea,
)
from terrafusion.records.parcel_fields import PERSONAL_DATA
from terrafusion.records.record_admin import RecordAdmin

if TYPE_CHECKING:  # Django's own classes take no type parameters at run time
    AccessTable = admin.TabularInline[CountyAccess, County]
    SettingsStack = admin.StackedInline[CountySettings, County]
    ValueTable = admin.TabularInline[PropertyValueHistory, PropertyOperational]
    SettingsModelForm = forms.ModelForm[CountySettings]
    AnyInlineFormSet = BaseInlineFormSet[Any, Any, Any]
else:
    SettingsModelForm, AnyInlineFormSet = forms.ModelForm, BaseInlineFormSet
    AccessTable = ValueTable = admin.TabularInline
    SettingsStack = admin.StackedInline


class AccessInline(CountyRoles, AccessTable):
    """A right is taken away on its own page."""

    model = CountyAccess
    form = AccessForm
    extra = 0
    autocomplete_fields = ("user",)
    can_delete = False

    def get_formset(
        self, request: HttpRequest, obj: County | None = None, **kwargs: Any
    ) -> type[forms.BaseInlineFormSet[CountyAccess, County, forms.ModelForm[CountyAccess]]]:
        formset = super().get_formset(request, obj, **kwargs)
        formset.form = of_giver(formset.form, request.user)
        return formset


class CountySettingsForm(SettingsModelForm):
    parent: County | None = None
    """On the county's own page: as it would be saved. The time zone is checked by its state."""

    def _post_clean(self) -> None:
        # Here and not in clean(): the checks want the instance as it would be saved.
        super()._post_clean()  # type: ignore[misc]  # undocumented, but where ModelForm itself validates the instance
        if self.parent is not None:
            self.instance.county = self.parent
        if not self.errors:
            for field, message in settings_validators.faults(self.instance).items():
                self.add_error(field if field in self.fields else None, message)

    class Meta:
        model = CountySettings
        fields = ["county", *SETTINGS]
        widgets = {
            "allowed_formats": forms.Textarea(attrs={"rows": 2, "cols": 80}),
            "default_parameters": forms.Textarea(attrs={"rows": 4, "cols": 80}),
            "format_limits": forms.Textarea(attrs={"rows": 3, "cols": 80}),
            "sales_screening": forms.Textarea(attrs={"rows": 6, "cols": 80}),
            "monotone_characteristics": forms.Textarea(attrs={"rows": 3, "cols": 80}),
            "land_shares": forms.Textarea(attrs={"rows": 3, "cols": 80}),
        }


class SettingsFormSet(AnyInlineFormSet):
    def _construct_form(self, i: int, **kwargs: Any) -> CountySettingsForm:
        # Undocumented, but where forms are made.
        form: CountySettingsForm = super()._construct_form(i, **kwargs)  # type: ignore[misc]
        form.parent = self.instance
        return form


class SettingsInline(CountyRoles, SettingsStack):
    model = CountySettings
    form = CountySettingsForm
    formset = SettingsFormSet
    can_delete = False


@admin.register(County)
class CountyAdmin(OwnCountiesAdmin):
    county_path = "pk"
    list_display = ("id", "name", "state", "fips", "state_plane_srid")
    list_filter = ("state",)
    search_fields = ("id", "name")
    inlines = (SettingsInline, AccessInline)

    def get_readonly_fields(self, request: HttpRequest, obj: County | None = None) -> tuple[str, ...]:
        return ("id",) if obj else ()  # file names and metrics carry it


@admin.register(CountyAccess)
class CountyAccessAdmin(OwnCountiesAdmin):
    form = AccessForm
    list_display = ("user", "county", "role", "may_see_personal_data")
    list_filter = ("county", "role", "may_see_personal_data")
    list_select_related = ("user", "county")
    search_fields = ("user__username",)
    autocomplete_fields = ("user", "county")

    def get_form(
        self, request: HttpRequest, obj: CountyAccess | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm[CountyAccess]]:
        return of_giver(super().get_form(request, obj, change, **kwargs), request.user)

    def may_edit(self, request: HttpRequest, row: Any) -> bool:
        return super().may_edit(request, row) and may_change_right(request.user, row)


@admin.register(CountySettings)
class CountySettingsAdmin(OwnCountiesAdmin):
    form = CountySettingsForm
    list_display = ("county", "default_crs", "max_records", "max_active_jobs", "result_days", "value_rounding")
    list_select_related = ("county",)


class ValueInline(ValueTable):
    """History is written by loads and decisions, never by hand."""

    model = PropertyValueHistory
    fields = readonly_fields = (
        "tax_year",
        "effective_date",
        "land_value",
        "improvement_value",
        "total_value",
        "exemptions",
        "certified",
        "revoked",
        "source",
    )
    ordering = ("-effective_date", "-id")
    can_delete = False
    extra = 0

    @admin.display(boolean=True, description="Revoked or corrected")
    def revoked(self, entry: PropertyValueHistory) -> bool:
        return entry.revoked_by is not None

    def has_add_permission(self, request: HttpRequest, obj: PropertyOperational | None = None) -> bool:
        return False


@admin.register(PropertyOperational)
class PropertyAdmin(RecordAdmin):
    list_display = ("parcel_number", "county", "situs_address", "use_code", "neighborhood", "total_value", "tax_year")
    search_fields = ("parcel_number__exact",)
    search_help_text = "A whole parcel number."
    exclude = ("geometry", "point")
    # Values come by loads and decisions, each with its record; a certified one is corrected by the assessor.
    readonly_fields = (*RecordAdmin.readonly_fields, "land_value", "improvement_value", "total_value", "tax_year")
    inlines = (ValueInline,)

    def get_exclude(self, request: HttpRequest, obj: PropertyOperational | None = None) -> tuple[str, ...]:
        hidden = obj is not None and not may_see_personal_data(request.user, obj.county_id)
        return (*self.exclude, *PERSONAL_DATA) if hidden else self.exclude

    def personal_data(self, request: HttpRequest, record: PropertyOperational) -> Seen | None:
        there = may_see_personal_data(request.user, record.county_id)
        return Seen((record.county_id,), "parcel", record.parcel_number) if there else None


@admin.register(Sale)
class SaleAdmin(RecordAdmin):
    list_display = ("sale_id", "county", "parcel_number", "sale_date", "sale_price", "validity_code", "multi_parcel")
    search_fields = ("parcel_number__exact", "sale_id__exact")
    search_help_text = "A whole parcel number or sale number."
    raw_id_fields = ("county", "property")
    exclude = ("point",)
    geometry_field = "point"


@admin.register(ReferenceLayer)
class ReferenceLayerAdmin(OwnCountiesAdmin):
    list_display = ("name", "title", "county", "geometry_type", "as_of", "updated_at")
    list_filter = ("county", "geometry_type")
    list_select_related = ("county",)
    search_fields = ("name", "title")

    def get_readonly_fields(self, request: HttpRequest, obj: ReferenceLayer | None = None) -> tuple[str, ...]:
        """Which fields are personal is changed by those only who may see them."""
        hidden = obj is not None and not may_see_personal_data(request.user, obj.county_id)
        return ("updated_at", "field_schema") if hidden else ("updated_at",)


@admin.register(ReferenceFeature)
class ReferenceFeatureAdmin(RecordAdmin):
    list_display = ("feature_key", "layer", "county")
    list_filter = ("county", "layer")
    list_select_related = ("county", "layer")
    search_fields = ("feature_key__exact",)
    search_help_text = "A whole key of a feature."
    raw_id_fields = ("county", "layer")
    readonly_fields = ("place",)

    def get_exclude(self, request: HttpRequest, obj: ReferenceFeature | None = None) -> tuple[str, ...]:
        return ("geometry", "attributes") if _hides_attributes(request, obj) else ("geometry",)

    def get_readonly_fields(self, request: HttpRequest, obj: ReferenceFeature | None = None) -> tuple[str, ...]:
        return ("place", "public_attributes") if _hides_attributes(request, obj) else ("place",)

    def personal_data(self, request: HttpRequest, record: ReferenceFeature) -> Seen | None:
        layer = layer_of(record.layer)
        if _hides_attributes(request, record) or not any(field.personal for field in layer.fields):
            return None
        return Seen((record.county_id,), layer.name, record.feature_key)

    @admin.display(description="Attributes, without personal data")
    def public_attributes(self, feature: ReferenceFeature) -> str:
        public = named.open_fields(layer_of(feature.layer), personal=False)
        return json.dumps({name: feature.attributes.get(name) for name in public}, ensure_ascii=False)


def _hides_attributes(request: HttpRequest, feature: ReferenceFeature | None) -> bool:
    return feature is not None and not may_see_personal_data(request.user, feature.county_id)


@admin.register(UploadedArea)
class UploadedAreaAdmin(RecordAdmin):
    """Whose they are and what they hold; they come by upload only."""

    list_display = ("name", "county", "owner", "file_format", "vertices", "created_at", "expires_at")
    list_select_related: ClassVar[tuple[str, ...]] = ("county", "owner")
    ordering: ClassVar[tuple[str, ...]] = ("-created_at", "-id")
    exclude = ("geometry",)
    readonly_fields = ("place",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(PersonalDataAccess)
class PersonalDataAccessAdmin(RecordAdmin):
    """Nobody adds, changes or deletes an entry. Managers see those of their counties, and with Django's permission to
    view them whoever sees the county."""

    list_display = ("at", "county_id", "username", "act", "kind", "key", "right", "details")
    fields = readonly_fields = list_display
    list_filter = ("county", "act", "kind", "at")
    list_select_related = ()
    ordering = ("-at", "-id")
    search_fields = ("username__exact", "key__exact")
    search_help_text = "A whole user name, the id of a job, or a parcel number."

    def get_queryset(self, request: HttpRequest) -> QuerySet[PersonalDataAccess]:
        return PersonalDataAccess.objects.filter(county__in=list(access_log.counties_readable_by(request.user)))

    def has_view_permission(self, request: HttpRequest, obj: PersonalDataAccess | None = None) -> bool:
        return bool(access_log.counties_readable_by(request.user).exists())

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


history_admin.register_all()
