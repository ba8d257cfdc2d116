"""An export request: checked against what the county has and allows, or refused with every fault named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gis_export import parameters
from gis_export.formats import registry
from gis_export.formats.base import Format
from gis_export.models import GisExportJob
from gis_export.parameters import Context, Faults, Refused
from gis_export.selection import Selection
from terrafusion import areas
from terrafusion.api import keys
from terrafusion.areas import saved
from terrafusion.areas.members import shown
from terrafusion.jobs import options
from terrafusion.records.access import may_see_personal_data
from terrafusion.records.layers import Layer, layers_named, layers_of
from terrafusion.records.models import County, CountySettings


class RequestFaults(Exception):
    """``faults`` holds messages by the request's member, such as ``parameters.crs``."""

    def __init__(self, faults: Faults) -> None:
        super().__init__(str(faults))
        self.faults = faults


@dataclass(frozen=True)
class ExportRequest:
    """A sound request. ``area`` is None for the whole county; ``values`` holds each parameter's resolved form."""

    county: County
    file_format: Format
    layers: tuple[Layer, ...]
    area: areas.Area | None
    values: dict[str, Any]

    def selections(
        self, *, personal: bool, in_force: dict[str, Any] | None = None
    ) -> tuple[list[Selection], dict[str, list[str]]]:
        """What to take of each layer, and the personal fields withheld from each. ``in_force``: what
        ``parameters.in_force`` told before; None for as it is now."""
        if in_force is None:
            in_force = parameters.in_force(self.values, self.county)
        selections, withheld = [], {}
        for layer in self.layers:
            selection = Selection(self.county, layer, layer.fields, self.area, in_force=in_force)
            for parameter in parameters.ALL:
                selection = parameter.apply(self.values[parameter.name], selection)
            if not personal:
                selection, hidden = selection.without_personal()
                if hidden:
                    withheld[layer.name] = hidden
            selections.append(selection)
        return selections, withheld

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to the area."""
        return self.area.notes if self.area else ()

    @property
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


def check(
    county: County, export_format: str, layers: list[str], area: Any, given: dict[str, Any], *, user: Any
) -> ExportRequest:
    """Raises ``RequestFaults``. ``given``: the parameters. ``user``: the caller, by whose rights it is checked."""
    faults: Faults = {}
    settings = CountySettings.of(county)
    context = _context(county, export_format, layers, settings, user, faults)
    parsed = _check_area(area, county, settings, user, faults)
    values = _check_parameters(given, context, faults)
    if faults or context.file_format is None:
        raise RequestFaults(faults)
    return ExportRequest(
        county=county,
        file_format=context.file_format,
        layers=context.layers,
        area=parsed,
        values=values,
    )


def further_faults(
    county: County | None, export_format: str | None, layers: list[str], area: Any, given: dict[str, Any], *, user: Any
) -> Faults:
    """What is wrong beside a member that cannot be read at all, for which there is None, or nothing: the faults of the
    others, as far as they can be told without it."""
    faults: Faults = {}
    settings = CountySettings.of(county) if county else CountySettings()
    context = _context(county, export_format, layers, settings, user, faults)
    if county:
        _check_area(area, county, settings, user, faults)
    _check_parameters(given, context, faults)
    return faults


def of_job(job: GisExportJob) -> ExportRequest:
    """The request of a stored job, with the layers as they are now. Raises ``RequestFaults``."""
    faults: Faults = {}
    layers = tuple(_check_layers(job.county, job.layers, faults))
    file_format = registry.get(job.export_format)
    stored = {name: value for name, value in job.resolved.items() if name in parameters.NAMES}
    values = _check_parameters(stored, Context(job.county, layers, file_format, personal=True), faults)
    if faults:
        raise RequestFaults(faults)
    return ExportRequest(
        county=job.county,
        file_format=file_format,
        layers=layers,
        area=saved.load(job, tuple(job.resolved.get("area_notes", ()))),
        values=values,
    )


def _context(
    county: County | None,
    export_format: str | None,
    layers: list[str],
    settings: CountySettings,
    user: Any,
    faults: Faults,
) -> Context:
    return Context(
        county=county,
        layers=tuple(_check_layers(county, layers, faults)) if county else (),
        file_format=None if export_format is None else _check_format(export_format, settings, faults),
        personal=county is not None and may_see_personal_data(user, county.pk),
        defaults=_county_defaults(settings),
    )


def _county_defaults(settings: CountySettings) -> dict[str, Any]:
    return {"crs": settings.default_crs, **settings.default_parameters}


def _check_layers(county: County, names: list[str], faults: Faults) -> list[Layer]:
    known = layers_named(county, names)
    if missing := [name for name in names if name not in known]:
        there = ", ".join(layer.name for layer in layers_of(county))
        for name in missing:
            _add(faults, "layers", f"{county.pk} has no layer {shown(name)}; there is {there}.")
    if len(set(names)) < len(names):
        _add(faults, "layers", "Each layer may be named once.")
    return [known[name] for name in names if name in known]


def _check_format(name: str, settings: CountySettings, faults: Faults) -> Format | None:
    known = registry.all_formats()
    allowed = [known_name for known_name in known if known_name in (settings.allowed_formats or known)]
    if name in allowed:
        return known[name]
    reason = f"is not allowed in {settings.county_id}" if name in known else "is not a format"
    _add(faults, "export_format", f"{shown(name)} {reason}; there is {', '.join(allowed)}.")
    return None


def _check_area(area: Any, county: County, settings: CountySettings, user: Any, faults: Faults) -> areas.Area | None:
    if area is None:
        return None
    try:
        return areas.parse(area, county, settings.max_area_vertices, user)
    except areas.AreaError as error:
        for message in error.messages:
            _add(faults, "area_of_interest", message)
        return None


def _check_parameters(given: dict[str, Any], context: Context, faults: Faults) -> dict[str, Any]:
    """The resolved form of each parameter, as far as it is sound."""
    for name, fault in keys.unknown(given, [*parameters.NAMES, *options.NAMES]).items():
        _add(faults, f"parameters.{name}", fault)
    for parameter in parameters.ALL:
        name = parameter.name
        if parameter.of_layers and not context.layers:
            continue
        try:
            if name in given:
                context.found[name] = parameter.check(given[name], context)
            else:
                context.found[name] = parameter.wish(context.defaults.get(name, parameter.default), context)
        except Refused as refused:
            for member, message in refused.faults:
                _add(faults, f"parameters.{name}.{member}" if member else f"parameters.{name}", message)
    return context.found


def _add(faults: Faults, at: str, message: str) -> None:
    faults.setdefault(at, []).append(message)
