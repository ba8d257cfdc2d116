"""Export jobs in the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from gis_export.models import GisExportJob
from terrafusion.jobs.admin import JobAdmin

_TELL_CONDITIONS = {"parameters", "resolved", "result_summary"}


@admin.register(GisExportJob)
class GisExportJobAdmin(JobAdmin):
    """Inspect, cancel and rerun exports."""

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        shown = super().get_fields(request, obj)
        if obj is None or not obj.hides_conditions_from(request.user):
            return shown
        return [name for name in shown if name not in _TELL_CONDITIONS]
