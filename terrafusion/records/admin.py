"""The records in the admin. Lists stay quick with millions of rows: nothing is counted beyond a limit, sorted or
searched without an index, and no county's parcels are put into a drop-down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.gis.geos import GEOSGeometry
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html

from terrafusion.records import settings_validators
from terrafusion.records.access import may_see_personal_data
from terrafusion.records.county_admin import OwnCountiesAdmin
from terrafusion.records.models import (
    County,
    CountyAccess,
    CountySettings,
    PropertyOperational,
    PropertyValueHistory,
    ReferenceFeature,
    ReferenceLayer,
    Sale,
    UploadedArea,
)
from terrafusion.records.models.parcel import PERSONAL_DATA

if TYPE_CHECKING:  # Django's own classes take no type parameters at run time
    AnyPaginator = Paginator[Any]
    AccessTable = admin.TabularInline[CountyAccess, County]
    SettingsStack = admin.StackedInline[CountySettings, County]
    ValueTable = admin.TabularInline[PropertyValueHistory, PropertyOperational]
    SettingsModelForm = forms.ModelForm[CountySettings]
else:
    AnyPaginator, SettingsModelForm = Paginator, forms.ModelForm
    AccessTable = ValueTable = admin.TabularInline
    SettingsStack = admin.StackedInline

MOST_LISTED = 10_000


class CappedPaginator(AnyPaginator):
    """Counts no further than ``MOST_LISTED`` rows: whoever wants one of a million searches for it."""

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Any] = self.object_list[:MOST_LISTED]  # type: ignore[assignment]  # the admin gives querysets
        return rows.count()


class RecordAdmin(OwnCountiesAdmin):
    """A large table, found by exact values of ``search_fields``, each indexed together with the county."""

    show_full_result_count = False
    paginator = CappedPaginator
    list_per_page = 50
    sortable_by = ()
    ordering: ClassVar[tuple[str, ...]] = ("id",)
    list_filter: ClassVar[tuple[str, ...]] = ("county",)
    list_select_related: ClassVar[tuple[str, ...]] = ("county",)
    raw_id_fields: ClassVar[tuple[str, ...]] = ("county",)
    readonly_fields: ClassVar[tuple[str, ...]] = ("updated_at", "place")
    geometry_field = "geometry"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).defer(self.geometry_field)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        found, duplicates = super().get_search_results(request, queryset, search_term)
        if search_term:  # the indexes begin with the county
            found = found.filter(county__in=list(County.objects.values_list("pk", flat=True)))
        return found, duplicates

    @admin.display(description="Geometry (EPSG:4326)")
    def place(self, record: Any) -> str:
        """Where it is, in words: a map would need tiles of another server. Geometry comes from files only."""
        geometry: GEOSGeometry | None = getattr(record, self.geometry_field)
        if geometry is None:
            return "none"
        west, south, east, north = geometry.extent
        summary = f"{geometry.geom_type}, {geometry.num_coords} vertices, {west:.6f},{south:.6f},{east:.6f},{north:.6f}"
        return format_html("<p>{}</p><textarea rows=4 cols=80 readonly>{}</textarea>", summary, geometry.wkt)


class AccessInline(AccessTable):
    model = CountyAccess
    extra = 0
    autocomplete_fields = ("user",)


class CountySettingsForm(SettingsModelForm):
    def _post_clean(self) -> None:
        # Here and not in clean(): the checks want the instance as it would be saved.
        super()._post_clean()  # type: ignore[misc]  # undocumented, but where ModelForm itself validates the instance
        if not self.errors:
            for field, message in settings_validators.faults(self.instance).items():
                self.add_error(field if field in self.fields else None, message)

    class Meta:
        model = CountySettings
        fields = [
            "county",
            "allowed_formats",
            "default_crs",
            "default_parameters",
            "max_records",
            "max_bytes",
            "max_records_per_day",
            "max_bytes_per_day",
            "format_limits",
            "max_area_vertices",
            "max_active_jobs",
            "result_days",
            "max_result_days",
            "time_zone",
            "value_rounding",
            "proposal_days",
        ]
        widgets = {
            "allowed_formats": forms.Textarea(attrs={"rows": 2, "cols": 80}),
            "default_parameters": forms.Textarea(attrs={"rows": 4, "cols": 80}),
            "format_limits": forms.Textarea(attrs={"rows": 3, "cols": 80}),
        }


class SettingsInline(SettingsStack):
    model = CountySettings
    form = CountySettingsForm
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
    list_display = ("user", "county", "role", "may_see_personal_data")
    list_filter = ("county", "role", "may_see_personal_data")
    list_select_related = ("user", "county")
    search_fields = ("user__username",)
    autocomplete_fields = ("user", "county")


@admin.register(CountySettings)
class CountySettingsAdmin(OwnCountiesAdmin):
    form = CountySettingsForm
    list_display = ("county", "default_crs", "max_records", "max_active_jobs", "result_days", "value_rounding")
    list_select_related = ("county",)


class ValueInline(ValueTable):
    """History is written by loads, never by hand."""

    model = PropertyValueHistory
    fields = readonly_fields = (
        "tax_year",
        "effective_date",
        "land_value",
        "improvement_value",
        "total_value",
        "exemptions",
        "source",
    )
    ordering = ("-effective_date",)
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: PropertyOperational | None = None) -> bool:
        return False


@admin.register(PropertyOperational)
class PropertyAdmin(RecordAdmin):
    list_display = ("parcel_number", "county", "situs_address", "use_code", "neighborhood", "total_value", "tax_year")
    search_fields = ("parcel_number__exact",)
    search_help_text = "A whole parcel number."
    exclude = ("geometry", "point")
    inlines = (ValueInline,)

    def get_exclude(self, request: HttpRequest, obj: PropertyOperational | None = None) -> tuple[str, ...]:
        hidden = obj is not None and not may_see_personal_data(request.user, obj.county_id)
        return (*self.exclude, *PERSONAL_DATA) if hidden else self.exclude


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
    readonly_fields = ("updated_at",)


@admin.register(ReferenceFeature)
class ReferenceFeatureAdmin(RecordAdmin):
    list_display = ("feature_key", "layer", "county")
    list_filter = ("county", "layer")
    list_select_related = ("county", "layer")
    search_fields = ("feature_key__exact",)
    search_help_text = "A whole key of a feature."
    raw_id_fields = ("county", "layer")
    readonly_fields = ("place",)
    exclude = ("geometry",)


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

    def has_change_permission(self, request: HttpRequest, obj: UploadedArea | None = None) -> bool:
        return False
