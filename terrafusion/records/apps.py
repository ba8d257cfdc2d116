"""The shared tables: counties, parcels, values, sales, reference layers."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RecordsConfig(AppConfig):
    name = "terrafusion.records"
    label = "records"
    verbose_name = "County records"

    def ready(self) -> None:
        from terrafusion.history import install
        from terrafusion.records import checks  # noqa: F401 - registers the checks
        from terrafusion.records.layers import builtin

        builtin.register_all()
        post_migrate.connect(install.after_migrate, sender=self)
