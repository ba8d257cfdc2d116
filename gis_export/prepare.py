"""From a stored export job to what is to be written, and from what was written to the job's outcome."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo

from gis_export import boundary, request, signing
from gis_export.errors import ExportOutdated, PersonalDataRefused
from gis_export.estimates.accuracy import observe
from gis_export.models import GisExportJob
from gis_export.plan import ExportResult, LayerPlan, joined_names
from gis_export.request import ExportRequest
from gis_export.selection import LayerSelection
from terrafusion.jobs.context import Outcome, ResultFile
from terrafusion.jobs.request import InvalidRequest
from terrafusion.jobs.rights import Needs
from terrafusion.records.access import may_see_personal_data
from terrafusion.words import counted


@dataclass(frozen=True)
class Prepared:
    """A job's request as it is now, with the rights of who submitted it. ``effective_inputs`` is what the county's
    settings and the day made of it when it began, for all parts of it and for the manifest."""

    job: GisExportJob
    wanted: ExportRequest
    selections: list[LayerSelection]
    withheld: dict[str, list[str]]
    personal: bool
    effective_inputs: dict[str, Any]

    @property
    def stem(self) -> str:
        """Of the file's name."""
        return f"{self.job.job_id}_{joined_names(self.job.layers)}"

    @property
    def always_zip(self) -> bool:
        return bool(self.wanted.values["package"] == "zip")

    def request(self) -> dict[str, Any]:
        """As in the manifest."""
        job = self.job
        return {
            "export_format": job.export_format,
            "county_id": job.county_id,
            "area_of_interest": job.area_as_submitted,
            "layers": job.layers,
            "parameters": job.parameters,
            "resolved": job.resolved,
            "effective_inputs": self.effective_inputs,
        }

    def boundary(self, layers: Iterable[LayerPlan]) -> LayerPlan | None:
        """The area of interest as a layer beside these; None for a whole county."""
        area = self.wanted.area
        return None if area is None else boundary.plan(area, self.wanted.values["spatial_operation"], layers)

    def outcome(self, result: ExportResult) -> Outcome:
        """Of the job whose files are written."""
        observe(self.job, result.records, result.size)
        file = Path(result.file)
        name = f"gis_exports_output/{self.job.county_id}/{file.name}"
        return Outcome(
            message=self._message(result.records),
            file=ResultFile(file, name, result.sha256, result.size),
            summary=result.manifest,
            columns={
                "record_count": result.records,
            },
            personal=self.holds_personal,
        )

    @property
    def holds_personal(self) -> bool:
        """Whether its records, or which of them there are, reveal personal data."""
        return any(
            selection.filters_personal or any(field.personal for field in selection.fields)
            for selection in self.selections
        )

    def _message(self, records: int) -> str:
        nothing = "Nothing matches the request: the file is valid and empty."
        message = f"{counted(records, 'record')} exported." if records else nothing
        names = dict.fromkeys(name for hidden in self.withheld.values() for name in hidden)
        if names:
            message += f" Withheld as personal data: {', '.join(names)}."
        return " ".join([message, *self.wanted.notes])


def prepare(job: GisExportJob, effective_inputs: dict[str, Any] | None = None) -> Prepared:
    """``effective_inputs``: as another worker prepared it, None where none did. Raises ExportOutdated or
    PersonalDataRefused where the request no longer holds."""
    try:
        wanted = job.checked_request or request.of_job(job)
    except InvalidRequest as outdated:
        raise ExportOutdated(outdated.faults.text) from None
    personal = job.submitted_by is not None and may_see_personal_data(job.submitted_by, job.county_id)
    if effective_inputs is None:
        effective_inputs = wanted.effective_inputs
    selections, withheld = wanted.selections(personal=personal, effective_inputs=effective_inputs)
    if not personal and any(selection.filters_personal for selection in selections):
        raise PersonalDataRefused("The request filters by personal data, to which you have no right.")
    return Prepared(job, wanted, selections, withheld, personal, effective_inputs)


def needs(job: GisExportJob) -> Needs:
    """What it takes to read an unsaved job's result; the most where its request does not hold any more."""
    try:
        return Needs(personal=prepare(job).holds_personal)
    except (ExportOutdated, PersonalDataRefused):
        return Needs(personal=True)


def signing_key() -> str:
    """The private key of this installation's manifests."""
    return signing.seed(settings.EXPORT_SIGNING_KEY or settings.SECRET_KEY)


def database() -> str:
    """The connection string of the writer, for the database that Django uses: of its parameters those of libpq."""
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    parameters = connection.get_connection_params()
    given = {name: value for name, value in parameters.items() if name in known and value not in (None, "")}
    if "password" not in given and "PGPASSWORD" in os.environ:  # which the writer is not given
        given["password"] = os.environ["PGPASSWORD"]
    return make_conninfo(**given)
