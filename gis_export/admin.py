"""Export jobs in the admin."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.template.loader import render_to_string

from gis_export.models import ExportPart, GisExportJob
from terrafusion.jobs.admin import JobAdmin
from terrafusion.jobs.models import AbstractJob


class ExportAdmin(JobAdmin):
    """Shows the manifest, which the summary of the result is, as tables."""

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        shown = super().get_readonly_fields(request, obj)
        return ["manifest" if name == "result_summary" else name for name in shown]

    @admin.display(description="manifest")
    def manifest(self, job: AbstractJob) -> str:
        manifest = job.result_summary
        if not manifest:
            return "-"
        text = json.dumps(manifest, indent=2, ensure_ascii=False)
        return render_to_string("gis_export/manifest.html", {"manifest": manifest, "json": text})


@admin.register(GisExportJob)
class GisExportJobAdmin(ExportAdmin):
    """Inspect, cancel and rerun exports."""


@admin.register(ExportPart)
class ExportPartAdmin(ExportAdmin):
    """Inspect the parts of large exports. Their export acts on them, and has their files."""

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return ["job_id", "parent", "number", "status", "layer", "progress", "attempt", "worker", "created_at"]

    @admin.display(description="file")
    def file(self, job: AbstractJob) -> str:
        return job.result_file or "-"
