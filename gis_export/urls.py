"""The addresses of exports, below /api/v1/gis-export/."""

from django.urls import path

from gis_export import views
from terrafusion.jobs.api.viewsets import job_urls

app_name = "gis_export"
urlpatterns = [
    *job_urls(views.GisExportViewSet),
    path("formats", views.FormatsView.as_view(), name="formats"),
    path("layers", views.LayersView.as_view(), name="layers"),
    path("signing-key", views.SigningKeyView.as_view(), name="signing-key"),
    path("estimate", views.EstimateView.as_view(), name="estimate"),
]
