"""Executes an export: request -> SQL -> writer process -> file; a very large one in parts."""

from __future__ import annotations

from gis_export import client, parts
from gis_export.models import GisExportJob
from gis_export.plan import ExportPlan
from gis_export.prepare import database, prepare, signing_key
from terrafusion.jobs.context import JobContext, Outcome


def execute(job: GisExportJob, context: JobContext) -> Outcome:
    """Write the job's layers. Raises what ``gis_export.errors`` and ``terrafusion.jobs.errors`` hold."""
    prepared = prepare(job)
    context.checkpoint(0, "Reading the database.")
    if parts.may_be_worth_it(prepared) and (outcome := parts.export(prepared, context)):
        return outcome
    layers = tuple(selection.plan() for selection in prepared.selections)
    plan = ExportPlan(
        format=job.export_format,
        layers=layers,
        database=database(),
        folder=str(context.workdir),
        stem=prepared.stem,
        always_zip=prepared.always_zip,
        request=prepared.request(),
        withheld=prepared.withheld,
        boundary=prepared.boundary(layers),
        job=str(job.pk),
        signing_key=signing_key(),
    )
    return prepared.outcome(client.write(plan, context, job.estimated_records))
