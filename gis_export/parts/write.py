"""Executes one part: the rows of one cut, in the coordinator's snapshot, as a file of its own in media storage."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from django.db.models import Q

from gis_export import client
from gis_export.errors import ExportOutdated
from gis_export.models import ExportPart
from gis_export.plan import ExportPlan
from gis_export.prepare import database, prepare
from gis_export.selection import LayerSelection
from terrafusion.jobs.context import JobContext, Outcome, ResultFile
from terrafusion.jobs.errors import ClaimLost
from terrafusion.jobs.states import Status
from terrafusion.words import counted


def execute(part: ExportPart, context: JobContext) -> Outcome:
    """Raises ClaimLost where nobody waits for the part any more, and what any export raises."""
    job = part.parent
    if (job.status, job.claim_token) != (Status.RUNNING, part.parent_token):
        raise ClaimLost("The export that the part belongs to has ended, or begun anew.")
    prepared = prepare(job, part.effective_inputs)
    if prepared.personal != part.personal:
        raise ExportOutdated("The right to personal data has changed since the export began.")
    (selection,) = (each for each in prepared.selections if each.layer.name == part.layer)
    plan = ExportPlan(
        format=job.export_format,
        layers=(within(selection, part.first_key, part.before_key).plan(),),
        database=database(),
        folder=str(context.workdir),
        stem=str(part.pk),
        always_zip=False,
        request={},
        snapshot=part.snapshot,
    )
    result = client.write(plan, context, part.expected_records)
    file = Path(result.file)
    return Outcome(
        message=f"{counted(result.records, 'record')} written.",
        file=ResultFile(file, f"gis_exports_output/{job.county_id}/parts/{file.name}", result.sha256, result.size),
        summary=result.manifest,
        columns={"record_count": result.records},
    )


def within(selection: LayerSelection, first: int | None, before: int | None) -> LayerSelection:
    """The rows of the selection with keys of that range."""
    condition = Q() if first is None else Q(pk__gte=first)
    if before is not None:
        condition &= Q(pk__lt=before)
    return replace(selection, condition=selection.condition & condition)
