"""The pages of large tables in the admin. Lists stay quick with millions of rows: nothing is counted beyond a limit,
sorted or searched without an index, and no county's parcels are put into a drop-down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.gis.geos import GEOSGeometry
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.html import format_html

from terrafusion.records import access_log
from terrafusion.records.access_log import Seen
from terrafusion.records.county_admin import OwnCountiesAdmin
from terrafusion.records.models import Act, County
from terrafusion.words import counted

if TYPE_CHECKING:
    AnyPaginator = Paginator[Any]
else:
    AnyPaginator = Paginator

MAX_LISTED = 10_000


class CappedPaginator(AnyPaginator):
    """Counts no further than ``MAX_LISTED`` rows: whoever wants one of a million searches for it."""

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Any] = self.object_list[:MAX_LISTED]  # type: ignore[assignment]  # the admin gives querysets
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
        matches, duplicates = super().get_search_results(request, queryset, search_term)
        if search_term:  # the indexes begin with the county
            matches = matches.filter(county__in=list(County.objects.values_list("pk", flat=True)))
        return matches, duplicates

    def personal_data(self, request: HttpRequest, record: Any) -> Seen | None:
        """What of the page is personal data that the user may see; None where nothing is."""
        return None

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Model | None = None,
    ) -> HttpResponse:
        if obj is not None and (seen := self.personal_data(request, obj)):
            access_log.record(request.user, Act.READ, [seen])
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description="Geometry (EPSG:4326)")
    def place(self, record: Model) -> str:
        """Where it is, in words: a map would need tiles of another server. Geometry comes from files only."""
        geometry: GEOSGeometry | None = getattr(record, self.geometry_field)
        if geometry is None:
            return "none"
        west, south, east, north = geometry.extent
        vertices = counted(geometry.num_coords, "vertex", "vertices")
        summary = f"{geometry.geom_type}, {vertices}, {west:.6f},{south:.6f},{east:.6f},{north:.6f}"
        return format_html("<p>{}</p><textarea rows=4 cols=80 readonly>{}</textarea>", summary, geometry.wkt)
