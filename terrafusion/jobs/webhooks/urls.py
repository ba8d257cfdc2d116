"""The addresses of webhooks, below /api/v1/webhooks/."""

from django.urls import path

from terrafusion.jobs.webhooks.views import DeliveryViewSet, SecretView

app_name = "webhooks"
urlpatterns = [
    path("secret", SecretView.as_view(), name="secret"),
    path("deliveries", DeliveryViewSet.as_view({"get": "list"}), name="deliveries"),
    # Any text is taken for an id, so that a malformed one is answered with 400 and not with 404.
    path("deliveries/<str:delivery_id>", DeliveryViewSet.as_view({"get": "retrieve"}), name="delivery"),
    path("deliveries/<str:delivery_id>/send", DeliveryViewSet.as_view({"post": "send"}), name="send"),
]
