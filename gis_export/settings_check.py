"""Checks what a county's settings say about exports."""

from __future__ import annotations

from gis_export import limits, parameters
from gis_export.formats import registry
from gis_export.parameters import ExportContext
from terrafusion import crs, words
from terrafusion.api import keys
from terrafusion.errors import CRSError
from terrafusion.jobs.request import Faults
from terrafusion.records.layers import layers_of
from terrafusion.records.models import CountySettings


def _wrong_defaults(settings: CountySettings) -> Faults:
    """What is wrong with the values: a request that does not give the parameter would be refused for it, or the value
    passed over."""
    faults, given = Faults(), settings.default_parameters
    if settings.county_id is not None and given:
        county = settings.county
        context = ExportContext(county, None, tuple(layers_of(county)), None, personal=True)
        for parameter in parameters.ALL:
            if parameter.name in given:
                with faults.at(parameter.name):
                    parameter.read(given, context)
    return faults


def check_settings(settings: CountySettings) -> dict[str, str]:
    """What is wrong, as {field name: message}."""
    faults = {}
    known = registry.all_formats()
    if unknown := [name for name in settings.allowed_formats if name not in known]:
        faults["allowed_formats"] = words.unknown("format", *unknown, available=known)
    if unknown_keys := keys.unknown(settings.default_parameters, parameters.NAMES):
        faults["default_parameters"] = " ".join(unknown_keys.values())
    elif wrong := _wrong_defaults(settings):
        texts = (f"{path}: {text}" for path, messages in wrong.items() for text in messages)
        faults["default_parameters"] = " ".join(texts)
    if settings.default_crs is not None:
        try:
            crs.parse(settings.default_crs)
        except CRSError as error:
            faults["default_crs"] = str(error)
    if fault := limits.fault(settings.format_limits, known):
        faults["format_limits"] = fault
    return faults
