"""Every address of the platform; a plugin adds one line."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

from terrafusion.accounts.doors import guarded
from terrafusion.api.handlers import unknown_route
from terrafusion.api.root import ApiRoot, DocsView, SchemaView
from terrafusion.records.home import home

API_LINKS = {
    "counties": "county-list",
    "properties": "property-list",
    "sales": "sale-list",
    "reference-layers": "referencelayer-list",
    "personal-data-access": "personaldataaccess-list",
    "gis-export-run": "gis_export:run",
    "gis-export-jobs": "gis_export:jobs",
    "gis-export-formats": "gis_export:formats",
    "gis-export-areas": "areas:areas",
    "market-analysis-run": "market_analysis:run",
    "market-analysis-jobs": "market_analysis:jobs",
    "market-analysis-analyses": "market_analysis:analyses",
    "schedules": "schedules:schedules",
    "webhook-deliveries": "webhooks:deliveries",
    "webhook-secret": "webhooks:secret",
    "reporting-run": "reporting:run",
    "reporting-jobs": "reporting:jobs",
    "reporting-types": "reporting:types",
    "valuation-run": "valuation:run",
    "valuation-jobs": "valuation:jobs",
    "valuation-models": "valuation:models",
    "token": "token",
    "tokens": "tokens",
    "schema": "schema",
    "docs": "docs",
}

JOBS = {
    "Export layers": "gis_export",
    "Analyze the market": "market_analysis",
    "Value parcels": "valuation",
    "Write a report": "reporting",
}

api: list[URLPattern | URLResolver] = [
    path("", ApiRoot.as_view(links=API_LINKS), name="api-root"),
    path("schema", SchemaView.as_view(), name="schema"),
    path("docs", login_required(DocsView.as_view()), name="docs"),
    path("", include("terrafusion.accounts.urls")),
    path("", include("terrafusion.records.api.urls")),
    path("", include("terrafusion.jobs.schedules.urls")),
    path("webhooks/", include("terrafusion.jobs.webhooks.urls")),
    path("gis-export/", include("gis_export.urls")),
    path("gis-export/", include("terrafusion.areas.api.urls")),
    path("market-analysis/", include("market_analysis.urls")),
    path("reporting/", include("reporting.urls")),
    path("valuation/", include("valuation.urls")),
]

admin.site.site_header = admin.site.site_title = "TerraFusion"
admin.site.index_title = "Administration"
sign_in: list[URLPattern | URLResolver] = [path("api-auth/", include("rest_framework.urls"))]
if settings.SIGN_IN_PAGES:
    from allauth.account.decorators import secure_admin_login

    admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
    sign_in = [
        path("api-auth/login/", RedirectView.as_view(pattern_name="account_login", query_string=True)),
        path("sign-in/", include("terrafusion.accounts.sign_in_urls")),
        *sign_in,
    ]
else:
    admin.site.login = guarded(admin.site.login)  # type: ignore[assignment,method-assign]
    form = LoginView.as_view(template_name="rest_framework/login.html")
    sign_in = [path("api-auth/login/", guarded(form)), *sign_in]

urlpatterns = [
    path("", home, {"jobs": JOBS}, name="home"),
    path("", include("terrafusion.health.urls")),
    path("admin/", admin.site.urls),
    *sign_in,
    path("api/v1/", include(api)),
    re_path(r"^api(?:/[\s\S]*)?$", unknown_route),
]
handler400 = "terrafusion.api.handlers.bad_request"
handler403 = "terrafusion.api.handlers.permission_denied"
handler500 = "terrafusion.api.handlers.server_error"
