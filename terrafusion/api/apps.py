"""REST manners that every plugin shares: errors, pagination, schema."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "terrafusion.api"
    label = "api"

    def ready(self) -> None:
        from terrafusion.api import schema  # noqa: F401  # drf-spectacular finds extensions once they are imported
