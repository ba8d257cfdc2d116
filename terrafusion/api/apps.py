"""REST manners that every plugin shares: errors, pagination, schema."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "terrafusion.api"
    label = "api"
