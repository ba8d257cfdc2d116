"""The addresses of reports, below /api/v1/reporting/."""

from django.urls import path

from reporting import views
from terrafusion.jobs.api.viewsets import job_urls

app_name = "reporting"
urlpatterns = [
    *job_urls(views.ReportViewSet),
    path("types", views.TypesView.as_view(), name="types"),
    path("preview", views.ReportPreviewView.as_view(), name="preview"),
]
