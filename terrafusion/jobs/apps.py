"""The job lifecycle, written once."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class JobsConfig(AppConfig):
    name = "terrafusion.jobs"
    label = "jobs"

    def ready(self) -> None:
        from django_q.signals import post_spawn

        from terrafusion.jobs import checks, runner  # noqa: F401  # the checks register themselves

        post_spawn.connect(runner.preload)
        post_migrate.connect(_after_migrate, sender=self)


def _after_migrate(using: str, plan: object = (), **_: object) -> None:
    """Nothing is to be done where nothing was migrated, as when tests empty tables."""
    from terrafusion.jobs.models import listed
    from terrafusion.jobs.registry import all_types

    if plan:
        listed.count_together(using, all_types())
