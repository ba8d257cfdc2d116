"""The job lifecycle, written once."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "terrafusion.jobs"
    label = "jobs"

    def ready(self) -> None:
        from django_q.signals import post_spawn

        from terrafusion.jobs import checks, runner  # noqa: F401  # the checks register themselves

        post_spawn.connect(runner.preload)
