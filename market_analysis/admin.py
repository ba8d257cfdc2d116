"""Market analyses in the admin."""

from django.contrib import admin

from market_analysis.models import MarketAnalysisJob
from terrafusion.jobs.admin import JobAdmin


@admin.register(MarketAnalysisJob)
class MarketAnalysisJobAdmin(JobAdmin):
    """Inspect, cancel and rerun analyses."""
