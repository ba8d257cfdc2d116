"""The shared tables: counties, parcels, values, sales, reference layers."""

from django.apps import AppConfig


class RecordsConfig(AppConfig):
    name = "terrafusion.records"
    label = "records"
    verbose_name = "County records"

    def ready(self) -> None:
        from terrafusion.records import builtin_layers

        builtin_layers.register_all()
