"""Registers the job type."""

from typing import Any

from django.apps import AppConfig


class DummyConfig(AppConfig):
    name = "tests.dummy_plugin"
    label = "dummy"

    def ready(self) -> None:
        from terrafusion.jobs.dispatch import digest
        from terrafusion.jobs.registry import JobType, register
        from terrafusion.records import versions
        from terrafusion.records.models import PropertyOperational
        from tests.dummy_plugin.models import DummyJob

        def fingerprint(job: Any) -> str:
            parcels = versions.source(PropertyOperational, job.county_id)
            return digest([job.county_id, job.flavour, job.resolved, versions.of([parcels])])

        register(
            JobType(
                model=DummyJob,
                name="dummy",
                metric_prefix="dummy",
                type_field="flavour",
                type_values=lambda: DummyJob.Flavour.values,
                execute="tests.dummy_plugin.jobs.execute",
                fingerprint=fingerprint,
                seconds=lambda job: float(job.resolved.get("expected", 0)),
            )
        )
