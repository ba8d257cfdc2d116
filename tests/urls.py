"""The real addresses, and the dummy plugin's before the catch-all of the API."""

from django.urls import include, path

from terrafusion.urls import handler400, handler403, handler500, urlpatterns

__all__ = ["handler400", "handler403", "handler500", "urlpatterns"]
urlpatterns = [path("api/v1/dummy/", include("tests.dummy_plugin.urls")), *urlpatterns]
