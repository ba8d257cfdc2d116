"""The pages of django-allauth that are used, below /sign-in/; of its others (signing up, mail, lost passwords) none."""

from allauth.account import views as account
from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from terrafusion.accounts.doors import guarded

urlpatterns: list[URLPattern | URLResolver] = [
    path("login/", guarded(account.login, username="login"), name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    # The library's pages name it.
    path("none/", RedirectView.as_view(pattern_name="account_login"), name="account_signup"),
]
if settings.SECOND_FACTOR:
    urlpatterns += [path("2fa/", include("allauth.mfa.urls"))]
if settings.OIDC_SERVER_URL:
    from allauth.socialaccount import views as provider

    urlpatterns += [
        path("", include("allauth.socialaccount.providers.openid_connect.urls")),
        path("cancelled/", provider.login_cancelled, name="socialaccount_login_cancelled"),
        path("error/", provider.login_error, name="socialaccount_login_error"),
        path("none/", RedirectView.as_view(pattern_name="account_login"), name="socialaccount_signup"),
    ]
