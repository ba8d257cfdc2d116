"""REST: authentication, permissions, throttles, pagination, errors, schema."""

from typing import Any

from terrafusion import __version__, env

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "terrafusion.accounts.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer", "terrafusion.api.pages.PageRenderer"],
    "VIEW_NAME_FUNCTION": "terrafusion.api.names.view_name",
    "DEFAULT_PARSER_CLASSES": [
        "terrafusion.api.parsers.JSONParser",
        "terrafusion.api.parsers.FormParser",  # the forms of the browsable API
        "terrafusion.api.parsers.MultiPartParser",
    ],
    "DEFAULT_SCHEMA_CLASS": "terrafusion.api.schema.AutoSchema",
    "EXCEPTION_HANDLER": "drf_standardized_errors.handler.exception_handler",
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "user": env.text("THROTTLE_USER", "1200/min"),
        "anon": env.text("THROTTLE_ANON", "120/min"),
        # Estimates and previews: work that is done while the request waits.
        "work": env.text("THROTTLE_WORK", "60/min"),
        "login": env.text("THROTTLE_LOGIN", "10/min"),
    },
    # How many proxies of our own add to X-Forwarded-For; with 0 the header is not believed, so that nobody can
    # escape the throttles by inventing addresses.
    "NUM_PROXIES": env.integer("NUM_PROXIES", 0),
    "DEFAULT_FILTER_BACKENDS": ["terrafusion.api.filters.StrictFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "terrafusion.api.pagination.CursorPagination",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
DRF_STANDARDIZED_ERRORS = {
    "EXCEPTION_HANDLER_CLASS": "terrafusion.api.problems.ProblemHandler",
    "EXCEPTION_FORMATTER_CLASS": "terrafusion.api.problems.ProblemFormatter",
}
# An area of interest of 100,000 vertices has some 4 MB.
DATA_UPLOAD_MAX_MEMORY_SIZE = env.integer("MAX_REQUEST_BYTES", 10 * 1024 * 1024, minimum=1024)

# Areas of interest that come as files.
MAX_AREA_FILE_BYTES = env.integer("MAX_AREA_FILE_BYTES", 10 * 1024 * 1024, minimum=1024)
AREA_DAYS = env.integer("AREA_DAYS", 90, minimum=1)

# Throttles count here: shared between web processes with Redis. Without, each counts for itself how much it is asked,
# which spares every request some queries; but guessed passwords are counted for all of them, in the database.
if _REDIS_URL := env.text("REDIS_URL", ""):
    _REDIS = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": _REDIS_URL}
    CACHES: dict[str, dict[str, Any]] = {"default": _REDIS, "logins": _REDIS}
else:
    CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
        "logins": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "login_attempts",
            "OPTIONS": {"MAX_ENTRIES": 10_000},  # addresses; old ones go first
        },
    }

SPECTACULAR_SETTINGS = {
    "TITLE": "TerraFusion",
    "DESCRIPTION": "County assessment records, and jobs on them. Every error is an RFC 9457 problem.",
    "VERSION": __version__,
    "OAS_VERSION": "3.1.1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": True, "displayRequestDuration": True},
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "StatusEnum": "terrafusion.jobs.states.Status",
        "DeliveryStatusEnum": "terrafusion.jobs.models.DeliveryStatus",
    },
    "PREPROCESSING_HOOKS": ["terrafusion.api.schema.without_slash"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
}
