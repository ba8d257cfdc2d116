"""The addresses of tokens, below /api/v1/."""

from django.urls import path

from terrafusion.accounts import views

urlpatterns = [
    path("token", views.ObtainToken.as_view(), name="token"),
    path("tokens", views.TokensView.as_view(), name="tokens"),
    path("tokens/<str:token_id>", views.TokenView.as_view(), name="token-detail"),
]
