"""The addresses of uploaded areas, below /api/v1/gis-export/."""

from django.urls import path

from terrafusion.areas.api.views import AreaViewSet

app_name = "areas"
urlpatterns = [
    path("areas", AreaViewSet.as_view({"get": "list", "post": "create"}), name="areas"),
    path("areas/<str:id>", AreaViewSet.as_view({"get": "retrieve", "delete": "destroy"}), name="area"),
]
