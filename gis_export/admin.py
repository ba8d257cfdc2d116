"""Export jobs in the admin."""

from django.contrib import admin

from gis_export.models import GisExportJob
from terrafusion.jobs.admin import JobAdmin


@admin.register(GisExportJob)
class GisExportJobAdmin(JobAdmin):
    """Inspect, cancel and rerun exports."""
