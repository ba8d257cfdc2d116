"""Registers the job type."""

from django.apps import AppConfig


class DummyConfig(AppConfig):
    name = "tests.dummy_plugin"
    label = "dummy"

    def ready(self) -> None:
        from terrafusion.jobs.registry import JobType, register
        from tests.dummy_plugin.models import DummyJob

        register(
            JobType(
                model=DummyJob,
                name="dummy",
                metric_prefix="dummy",
                type_field="flavour",
                type_values=lambda: DummyJob.Flavour.values,
                execute="tests.dummy_plugin.jobs.execute",
                is_long=lambda job: bool(job.parameters.get("long")),
            )
        )
