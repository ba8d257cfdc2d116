"""What an export's file depends on."""

from __future__ import annotations

from gis_export import parameters, software
from gis_export.models import GisExportJob
from terrafusion.jobs.dispatch import digest
from terrafusion.records import versions
from terrafusion.records.access import may_see_personal_data
from terrafusion.records.layers import layers_named


def fingerprint(job: GisExportJob) -> str:
    """Of a saved or unsaved job; empty where the version of a layer is unknown.

    The request counts as it was submitted and as it was understood, since the manifest holds both.
    """
    known = layers_named(job.county, job.layers)
    sources = [known[name].sources if name in known else () for name in job.layers]
    if not all(sources):
        return ""
    checked = job.checked_request
    effective_inputs = checked.effective_inputs if checked else parameters.effective_inputs(job.resolved, job.county)
    personal = job.submitted_by is not None and may_see_personal_data(job.submitted_by, job.county_id)
    return digest(
        [
            job.county_id,
            job.export_format,
            job.layers,
            job.parameters,
            job.resolved,
            job.area_as_submitted,
            job.area_of_interest.hexewkb.decode() if job.area_of_interest else None,
            personal,
            effective_inputs,
            versions.of(name for names in sources for name in names),
            software.versions(),
        ]
    )
