"""Checks what a county's settings say about exports."""

from __future__ import annotations

from collections.abc import Iterator

from gis_export import limits, parameters
from gis_export.formats import registry
from gis_export.parameters import Context, Refused
from terrafusion import crs
from terrafusion.api import keys
from terrafusion.records.layers import layers_of
from terrafusion.records.models import CountySettings


def _wrong_defaults(settings: CountySettings) -> Iterator[str]:
    """What is wrong with the values: a request that does not give the parameter would be refused for it, or the value
    passed over."""
    if settings.county_id is None or not settings.default_parameters:
        return
    county = settings.county
    context = Context(county, tuple(layers_of(county)), None, personal=True)
    for parameter in parameters.ALL:
        try:
            if parameter.name in settings.default_parameters:
                context.found[parameter.name] = parameter.check(settings.default_parameters[parameter.name], context)
        except Refused as refused:
            for member, message in refused.faults:
                yield f"{parameter.name}{member and '.'}{member}: {message}"


def check_settings(settings: CountySettings) -> dict[str, str]:
    """What is wrong, as {field name: message}."""
    faults = {}
    known = registry.all_formats()
    if unknown := [name for name in settings.allowed_formats if name not in known]:
        faults["allowed_formats"] = f"No formats: {', '.join(unknown)}; there is {', '.join(known)}."
    if unknown_keys := keys.unknown(settings.default_parameters, parameters.NAMES):
        faults["default_parameters"] = " ".join(unknown_keys.values())
    elif wrong := list(_wrong_defaults(settings)):
        faults["default_parameters"] = " ".join(wrong)
    if settings.default_crs is not None:
        try:
            crs.parse(settings.default_crs)
        except crs.CRSError as error:
            faults["default_crs"] = str(error)
    if fault := limits.fault(settings.format_limits, known):
        faults["format_limits"] = fault
    return faults
