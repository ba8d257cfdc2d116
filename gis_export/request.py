"""An export request: checked against what the county has and allows, or refused with every fault named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.gis.geos import GEOSGeometry
from django.db import connection

from gis_export import areas, crs
from gis_export.formats import registry
from gis_export.formats.base import Format
from gis_export.models import GisExportJob
from gis_export.selection import OPERATIONS, Selection, choose_fields
from terrafusion.records.layers import Layer, layers_of
from terrafusion.records.models import County, CountySettings

Faults = dict[str, list[str]]
DEFAULTS: dict[str, Any] = {
    "crs": None,
    "fields": None,
    "spatial_operation": "intersects",
    "include_assessment_data": True,
    "package": "auto",
    "options": None,
}
"""The parameters and what they are where neither the request nor the county says otherwise."""
_PACKAGES = ("auto", "zip")


class RequestFaults(Exception):
    """``faults`` holds messages by the request's member, such as ``parameters.crs``."""

    def __init__(self, faults: Faults) -> None:
        super().__init__(str(faults))
        self.faults = faults


@dataclass(frozen=True)
class ExportRequest:
    """A sound request. ``area`` is None for the whole county; ``fields`` names some layers' fields in their order."""

    county: County
    file_format: Format
    layers: tuple[Layer, ...]
    area: GEOSGeometry | None
    notes: tuple[str, ...]
    operation: str
    srid: int
    fields: dict[str, list[str]]
    include_assessment_data: bool
    package: str
    options: dict[str, Any]

    def selections(self, *, personal: bool) -> tuple[list[Selection], dict[str, list[str]]]:
        """What to take of each layer, and the personal fields withheld from each."""
        selections, withheld = [], {}
        for layer in self.layers:
            fields, hidden = choose_fields(
                layer, self.fields.get(layer.name), assessment=self.include_assessment_data, personal=personal
            )
            selections.append(Selection(layer, fields, self.area, self.operation, self.srid))
            if hidden:
                withheld[layer.name] = hidden
        return selections, withheld

    def resolved(self) -> dict[str, Any]:
        """The parameters in force, as the job keeps them."""
        return {
            "crs": f"EPSG:{self.srid}",
            "fields": self.fields or None,
            "spatial_operation": self.operation,
            "include_assessment_data": self.include_assessment_data,
            "package": self.package,
            "options": self.options,
            "area_notes": list(self.notes),
        }


def settings_of(county: County) -> CountySettings:
    """The county's settings; the defaults where it has none."""
    return CountySettings.objects.filter(county=county).first() or CountySettings(county=county)


def check(
    county: County, export_format: str, layers: list[str], area: Any, parameters: dict[str, Any], *, personal: bool
) -> ExportRequest:
    """Raises ``RequestFaults``. ``personal``: whether the caller may have personal data."""
    faults: Faults = {}
    settings = settings_of(county)
    found = _check_layers(county, layers, faults)
    file_format = _check_format(export_format, settings, faults)
    parsed = _check_area(area, settings, faults)
    in_force = {**DEFAULTS, **_county_defaults(settings), **parameters}
    _check_parameters(parameters, in_force, faults)
    if "fields" in parameters:
        fields = _check_fields(parameters["fields"], found, personal, faults)
    else:
        fields = _default_fields(in_force["fields"], found, in_force["include_assessment_data"] is not False)
    srid = _check_crs(parameters.get("crs"), in_force["crs"], file_format, county, faults)
    options = _check_options(parameters.get("options"), _county_defaults(settings).get("options"), file_format, faults)
    if faults or file_format is None:
        raise RequestFaults(faults)
    return ExportRequest(
        county=county,
        file_format=file_format,
        layers=tuple(found),
        area=GEOSGeometry(memoryview(parsed.geometry.wkb), srid=areas.SRID) if parsed else None,
        notes=parsed.notes if parsed else (),
        operation=in_force["spatial_operation"],
        srid=srid,
        fields=fields,
        include_assessment_data=in_force["include_assessment_data"],
        package=in_force["package"],
        options=options,
    )


def of_job(job: GisExportJob) -> ExportRequest:
    """The request of a stored job, with the layers as they are now. Raises ``RequestFaults``."""
    faults: Faults = {}
    layers = _check_layers(job.county, job.layers, faults)
    fields = job.resolved["fields"] or {}
    _check_fields(fields, layers, True, faults)
    if faults:
        raise RequestFaults(faults)
    file_format = registry.get(job.export_format)
    return ExportRequest(
        county=job.county,
        file_format=file_format,
        layers=tuple(layers),
        area=job.area_of_interest,
        notes=tuple(job.resolved.get("area_notes", ())),
        operation=job.resolved["spatial_operation"],
        srid=crs.parse(job.resolved["crs"]),
        fields=fields,
        include_assessment_data=job.resolved["include_assessment_data"],
        package=job.resolved["package"],
        options=_check_options(None, job.resolved.get("options"), file_format, faults),
    )


def _county_defaults(settings: CountySettings) -> dict[str, Any]:
    defaults = {name: value for name, value in settings.default_parameters.items() if name in DEFAULTS}
    return {"crs": settings.default_crs, **defaults}


def _check_layers(county: County, names: list[str], faults: Faults) -> list[Layer]:
    known = {layer.name: layer for layer in layers_of(county)}
    for name in names:
        if name not in known:
            _add(faults, "layers", f"{county.pk} has no layer {name!r}; there is {', '.join(known)}.")
    if len(set(names)) < len(names):
        _add(faults, "layers", "Each layer may be named once.")
    return [known[name] for name in names if name in known]


def _check_format(name: str, settings: CountySettings, faults: Faults) -> Format | None:
    known = registry.all_formats()
    allowed = [known_name for known_name in known if known_name in (settings.allowed_formats or known)]
    if name in allowed:
        return known[name]
    reason = f"is not allowed in {settings.county_id}" if name in known else "is not a format"
    _add(faults, "export_format", f"{name!r} {reason}; there is {', '.join(allowed)}.")
    return None


def _check_area(area: Any, settings: CountySettings, faults: Faults) -> areas.Area | None:
    if area is None:
        return None
    try:
        return areas.parse(area, settings.max_area_vertices)
    except areas.AreaError as error:
        _add(faults, "area_of_interest", str(error))
        return None


def _check_parameters(given: dict[str, Any], in_force: dict[str, Any], faults: Faults) -> None:
    for name in sorted(set(given) - set(DEFAULTS)):
        _add(faults, f"parameters.{name}", f"There is no such parameter; there is {', '.join(DEFAULTS)}.")
    for name, choices in (("spatial_operation", OPERATIONS), ("package", _PACKAGES)):
        if in_force[name] not in choices:
            _add(faults, f"parameters.{name}", f"{in_force[name]!r} is not known; there is {', '.join(choices)}.")
    if not isinstance(in_force["include_assessment_data"], bool):
        _add(faults, "parameters.include_assessment_data", "Give true or false.")


def _check_fields(given: Any, layers: list[Layer], personal: bool, faults: Faults) -> dict[str, list[str]]:
    if given is None:
        return {}
    if isinstance(given, list) and len(layers) == 1:
        given = {layers[0].name: given}
    if not isinstance(given, dict):
        _add(faults, "parameters.fields", 'Give an object such as {"parcels": ["parcel_number", "total_value"]}.')
        return {}
    known = {layer.name: {field.name: field for field in layer.fields} for layer in layers}
    for layer, names in given.items():
        at = "parameters.fields"
        if layer not in known:
            _add(faults, at, f"The layer {layer!r} is not one of the request's.")
        elif not isinstance(names, list) or not all(isinstance(name, str) for name in names) or not names:
            _add(faults, at, f"Give the fields of {layer} as a list of names.")
        elif len(set(names)) < len(names):
            _add(faults, at, f"Each field of {layer} may be named once.")
        else:
            if unknown := [name for name in names if name not in known[layer]]:
                there = ", ".join(known[layer])
                _add(faults, at, f"{layer} has no field {', '.join(map(repr, unknown))}; there is {there}.")
            if not personal and (hidden := [n for n in names if n in known[layer] and known[layer][n].personal]):
                _add(faults, at, f"You have no right to personal data: {', '.join(hidden)} of {layer}.")
    return given


def _default_fields(given: Any, layers: list[Layer], assessment: bool) -> dict[str, list[str]]:
    """A county's wish, as far as it is about the layers that are asked for and what they have."""
    if isinstance(given, list) and len(layers) == 1:
        given = {layers[0].name: given}
    if not isinstance(given, dict):
        return {}
    found = {}
    for layer in layers:
        known = {field.name for field in layer.fields if assessment or not field.assessment}
        if names := [name for name in given.get(layer.name) or () if name in known]:
            found[layer.name] = names
    return found


def _check_options(given: Any, wished: Any, file_format: Format | None, faults: Faults) -> dict[str, Any]:
    """All options of the format, each with its value. A county's wish counts as far as the format knows it."""
    if given is not None and not isinstance(given, dict):
        _add(faults, "parameters.options", "Give an object of the format's options.")
        return {}
    if file_format is None:
        return {}
    known = {option.name: option for option in file_format.options}
    for name, value in (given or {}).items():
        if name not in known:
            there = f"there is {', '.join(known)}" if known else "it has none"
            _add(faults, f"parameters.options.{name}", f"{file_format.name} has no such option; {there}.")
        elif fault := known[name].fault(value):
            _add(faults, f"parameters.options.{name}", fault)
    wishes = {**(wished if isinstance(wished, dict) else {}), **(given or {})}
    return {
        name: wishes[name] if name in wishes and not option.fault(wishes[name]) else option.default
        for name, option in known.items()
    }


def _check_crs(given: Any, in_force: Any, file_format: Format | None, county: County, faults: Faults) -> int:
    fixed = file_format.fixed_srid if file_format else None
    # A county's default CRS is a wish; what the standard of a format demands comes first.
    wanted = given if fixed else in_force
    if wanted is None:
        return fixed or areas.SRID
    if wanted == "state_plane":
        wanted = county.state_plane_srid
    try:
        srid = crs.parse(wanted)
    except crs.CRSError as error:
        _add(faults, "parameters.crs", f'{error} Or give "state_plane", which is EPSG:{county.state_plane_srid} here.')
        return areas.SRID
    if not _in_database(srid):
        _add(faults, "parameters.crs", f"The database of this installation has no EPSG:{srid}.")
    if file_format and fixed and srid != fixed:
        _add(faults, "parameters.crs", f"{file_format.name} is always in EPSG:{fixed}.")
    return srid


def _in_database(srid: int) -> bool:
    """PostGIS transforms what leaves the database, and its own list may be older than the one of ``crs.parse``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM spatial_ref_sys WHERE srid = %s)", [srid])
        (known,) = cursor.fetchone()
    return bool(known)


def _add(faults: Faults, at: str, message: str) -> None:
    faults.setdefault(at, []).append(message)
