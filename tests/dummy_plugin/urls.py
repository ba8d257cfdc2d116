"""Included under ``api/v1/dummy/``."""

from terrafusion.jobs.api.viewsets import job_urls
from tests.dummy_plugin.views import DummyViewSet

app_name = "dummy"
urlpatterns = job_urls(DummyViewSet)
