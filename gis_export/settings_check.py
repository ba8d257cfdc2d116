"""Checks what a county's settings say about exports."""

from __future__ import annotations

from gis_export import limits, parameters
from gis_export.formats import registry
from terrafusion import crs
from terrafusion.records.models import CountySettings


def check_settings(settings: CountySettings) -> dict[str, str]:
    """What is wrong, as {field name: message}."""
    faults = {}
    known = registry.all_formats()
    if unknown := [name for name in settings.allowed_formats if name not in known]:
        faults["allowed_formats"] = f"No formats: {', '.join(unknown)}; there is {', '.join(known)}."
    if unknown := [name for name in settings.default_parameters if name not in parameters.NAMES]:
        faults["default_parameters"] = f"No parameters: {', '.join(unknown)}; there is {', '.join(parameters.NAMES)}."
    if settings.default_crs is not None:
        try:
            crs.parse(settings.default_crs)
        except crs.CRSError as error:
            faults["default_crs"] = str(error)
    if fault := limits.fault(settings.format_limits, known):
        faults["format_limits"] = fault
    return faults
