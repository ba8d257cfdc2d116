"""Addresses of the records. A slash at the end is taken, but not made."""

from django.urls import re_path
from rest_framework.routers import SimpleRouter

from terrafusion.records.api import access_log, views

router = SimpleRouter()
router.trailing_slash = "/?"
router.register("counties", views.CountyViewSet)
router.register("properties", views.PropertyViewSet, basename="property")
router.register("sales", views.SaleViewSet)
router.register("reference-layers", views.ReferenceLayerViewSet)
router.register("personal-data-access", access_log.AccessViewSet, basename="personaldataaccess")

urlpatterns = [
    re_path(
        r"^reference-layers/(?P<pk>[0-9]{1,18})/features/?$",
        views.FeatureViewSet.as_view({"get": "list"}, name="Features"),
        name="referencelayer-features",
    ),
    *router.urls,
]
