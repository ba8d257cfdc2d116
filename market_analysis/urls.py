"""Included under ``api/v1/market-analysis/``."""

from django.urls import path

from market_analysis.views import AnalysesView, MarketAnalysisViewSet
from terrafusion.jobs.api.viewsets import job_urls

app_name = "market_analysis"
urlpatterns = [
    *job_urls(MarketAnalysisViewSet),
    path("analyses", AnalysesView.as_view(), name="analyses"),
]
