"""Reports in the admin: jobs, and how a county's reports look."""

from __future__ import annotations

from django.contrib import admin

from reporting.models import ReportJob
from terrafusion.jobs.admin import JobAdmin


@admin.register(ReportJob)
class ReportJobAdmin(JobAdmin):
    """Inspect, cancel and rerun reports."""
