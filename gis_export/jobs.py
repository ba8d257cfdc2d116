"""Executes an export: request -> SQL -> writer process -> file."""

from __future__ import annotations

import os
from pathlib import Path

from django.db import connection
from psycopg.conninfo import make_conninfo

from gis_export import boundary, client, parameters, request
from gis_export.errors import PersonalDataRefused, RequestOutdated
from gis_export.estimates.judged import judge
from gis_export.models import GisExportJob
from gis_export.plan import Plan, joined_names
from terrafusion.jobs.context import JobContext, Outcome, ResultFile
from terrafusion.records.access import may_see_personal_data

_WRITTEN = 95  # percent of the progress that stands for writing; the rest is checks, packing and publishing


def execute(job: GisExportJob, context: JobContext) -> Outcome:
    """Write the job's layers. Raises what ``gis_export.errors`` and ``terrafusion.jobs.errors`` hold."""
    try:
        wanted = request.of_job(job)
    except request.RequestFaults as outdated:
        texts = [text for texts in outdated.faults.values() for text in texts]
        raise RequestOutdated(" ".join(texts)) from None
    personal = job.submitted_by is not None and may_see_personal_data(job.submitted_by, job.county_id)
    selections, withheld = wanted.selections(personal=personal)
    filters_personal = any(selection.filters_personal for selection in selections)
    if filters_personal and not personal:
        raise PersonalDataRefused("The request filters by personal data, to which you have no right.")
    layers = tuple(selection.plan() for selection in selections)
    told = {p.name: p.depends_on(job.resolved, job.county) for p in parameters.ALL}
    plan = Plan(
        format=job.export_format,
        layers=layers,
        database=_database(),
        folder=str(context.workdir),
        stem=f"{job.job_id}_{joined_names(job.layers)}",
        always_zip=wanted.values["package"] == "zip",
        request={
            "export_format": job.export_format,
            "county_id": job.county_id,
            "area_of_interest": job.area_as_submitted,
            "layers": job.layers,
            "parameters": job.parameters,
            "resolved": job.resolved,
            # Beside the request: what the county's settings and the day made of it.
            "in_force": {name: value for name, value in told.items() if value is not None},
        },
        withheld=withheld,
        boundary=boundary.plan(wanted.area, wanted.values["spatial_operation"], layers) if wanted.area else None,
    )
    expected = max(job.estimated_records, 1)

    def progress(records: int) -> None:
        context.checkpoint(min(records / expected, 1) * _WRITTEN, f"{records:,} records written.")

    context.checkpoint(0, "Reading the database.")
    writer = client.writer()
    with context.stop_with(writer.kill):
        result = writer.run(plan, progress)
    judge(job, result.records, result.size)
    file = Path(result.file)
    name = f"gis_exports_output/{job.county_id}/{file.name}"
    return Outcome(
        message=_message(result.records, withheld, wanted.notes),
        file=ResultFile(file, name, result.sha256, result.size),
        summary=result.manifest,
        columns={
            "record_count": result.records,
            "contains_personal_data": filters_personal
            or any(field.personal for chosen in selections for field in chosen.fields),
        },
    )


def _message(records: int, withheld: dict[str, list[str]], notes: tuple[str, ...]) -> str:
    told = f"{records:,} records exported." if records else "Nothing is in the area: the file is valid and empty."
    names = [name for hidden in withheld.values() for name in hidden]
    if names:
        told += f" Withheld as personal data: {', '.join(names)}."
    return " ".join([told, *notes])


def _database() -> str:
    """The connection string of the writer, for the database that Django uses."""
    parameters = connection.get_connection_params()
    known = (
        "host",
        "port",
        "dbname",
        "user",
        "password",
        "sslmode",
        "sslrootcert",
        "sslcert",
        "sslkey",
        "service",
        "options",
    )
    given = {name: parameters[name] for name in known if parameters.get(name)}
    if "password" not in given and "PGPASSWORD" in os.environ:  # which the writer is not given
        given["password"] = os.environ["PGPASSWORD"]
    return make_conninfo(**given)
