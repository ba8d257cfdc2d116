"""An export request: checked against what the county has and allows, or refused with every fault named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gis_export import parameters
from gis_export.estimates import expect
from gis_export.formats import registry
from gis_export.formats.base import Format
from gis_export.models import GisExportJob
from gis_export.parameters import ExportContext
from gis_export.selection import LayerSelection
from terrafusion.areas import storage
from terrafusion.jobs.request import Faults, InvalidRequest, JobRequest, read, read_area
from terrafusion.records.access import may_see_personal_data
from terrafusion.records.layers import Layer, layers_named, layers_of
from terrafusion.records.models import County, CountySettings
from terrafusion.types import AnyUser
from terrafusion.words import unknown


@dataclass(frozen=True, kw_only=True)
class ExportRequest(JobRequest):
    """A sound request. ``values`` holds the effective value of each parameter. ``personal``: whether who asks may have
    personal data, by which records are larger."""

    model = GisExportJob

    file_format: Format
    layers: tuple[Layer, ...]
    personal: bool = False

    @cached_property
    def effective_inputs(self) -> dict[str, Any]:
        """What ``parameters.effective_inputs`` returns, computed once."""
        return parameters.effective_inputs(self.values, self.county)

    def selections(
        self, *, personal: bool, effective_inputs: dict[str, Any] | None = None
    ) -> tuple[list[LayerSelection], dict[str, list[str]]]:
        """What to take of each layer, and the personal fields withheld from each.

        ``effective_inputs``: those of when the job began; None for those of this request."""
        if effective_inputs is None:
            effective_inputs = self.effective_inputs
        selections, withheld = [], {}
        for layer in self.layers:
            selection = LayerSelection(self.county, layer, layer.fields, self.area, effective_inputs=effective_inputs)
            for parameter in parameters.ALL:
                selection = parameter.apply(self.values[parameter.name], selection)
            if not personal:
                selection, hidden = selection.without_personal()
                if hidden:
                    withheld[layer.name] = hidden
            selections.append(selection)
        return selections, withheld

    @cached_property
    def filters_personal(self) -> bool:
        """Whether its conditions are on personal data."""
        selections, _ = self.selections(personal=True)
        return any(selection.filters_personal for selection in selections)

    def resolved(self) -> dict[str, Any]:
        """The effective parameters, as the job keeps them."""
        kept: dict[str, Any] = {**self.values, "area_notes": list(self.notes)}
        if self.filters_personal:
            kept["filters_personal"] = True
        return kept

    def job(self, **columns: Any) -> GisExportJob:
        job: GisExportJob = super().job(**columns)
        job.checked_request = self
        return job

    def columns(self) -> dict[str, Any]:
        expected = expect(self)
        return {
            "export_format": self.file_format.name,
            "layers": [layer.name for layer in self.layers],
            "estimated_records": expected.records,
            "estimated_bytes": expected.bytes,
            "estimated_seconds": expected.seconds,
        }


def build(members: Mapping[str, Any], user: AnyUser, faults: Faults) -> ExportRequest | None:
    """The request that ``user`` makes with these members; what is wrong with them goes into ``faults``."""
    county: County | None = members.get("county_id")
    settings = CountySettings.of(county) if county else CountySettings()
    context = ExportContext(
        county,
        user,
        layers=tuple(_check_layers(county, members.get("layers", []), faults)) if county else (),
        file_format=_check_format(members["export_format"], settings, faults) if "export_format" in members else None,
        personal=county is not None and may_see_personal_data(user, county.pk),
        defaults={"crs": settings.default_crs, **settings.default_parameters},
    )
    area = read_area(members.get("area_of_interest"), county, user, faults) if county else None
    values = read(parameters.ALL, members.get("parameters", {}), faults, context)
    if faults or county is None or context.file_format is None or not context.layers:
        return None
    return ExportRequest(
        county=county,
        area=area,
        values=values,
        file_format=context.file_format,
        layers=context.layers,
        personal=context.personal,
    )


def of_job(job: GisExportJob) -> ExportRequest:
    """The request of a stored job, with the layers as they are now. Raises ``InvalidRequest``."""
    faults = Faults()
    file_format = registry.get(job.export_format)
    layers = tuple(_check_layers(job.county, job.layers, faults))
    context = ExportContext(job.county, job.submitted_by, layers, file_format, personal=True)
    for parameter in parameters.ALL:
        if parameter.name in job.resolved and not parameter.about_layers:
            context.values[parameter.name] = job.resolved[parameter.name]
        else:
            with faults.at(f"parameters.{parameter.name}"):
                parameter.read(job.resolved, context)
    if faults:
        raise InvalidRequest(faults)
    return ExportRequest(
        county=job.county,
        area=storage.load(job, tuple(job.resolved.get("area_notes", ()))),
        values=context.values,
        file_format=file_format,
        layers=layers,
        personal=job.submitted_by is not None and may_see_personal_data(job.submitted_by, job.county_id),
    )


def _check_layers(county: County, names: list[str], faults: Faults) -> list[Layer]:
    known = layers_named(county, names)
    if missing := [name for name in names if name not in known]:
        available = [layer.name for layer in layers_of(county)]
        for name in missing:
            faults.add("layers", unknown("layer", name, available=available))
    if len(set(names)) < len(names):
        faults.add("layers", "Each layer may be named once.")
    return [known[name] for name in names if name in known]


def _check_format(name: str, settings: CountySettings, faults: Faults) -> Format | None:
    known = registry.all_formats()
    allowed = [known_name for known_name in known if known_name in (settings.allowed_formats or known)]
    if name in allowed:
        return known[name]
    if name in known:
        reason = f"{name} is not allowed in {settings.county_id}. Available: {', '.join(allowed)}."
    else:
        reason = unknown("format", name, available=allowed)
    faults.add("export_format", reason)
    return None
