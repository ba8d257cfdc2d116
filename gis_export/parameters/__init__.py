"""The parameters of an export, each in a module of its own.

``ALL`` holds them in the order in which they are checked and applied: a later one sees what the earlier ones did.
"""

from __future__ import annotations

from typing import Any

from gis_export.parameters.assessment import IncludeAssessmentData
from gis_export.parameters.base import Context, Faults, Parameter, Refused
from gis_export.parameters.choices import Package, SpatialOperation
from gis_export.parameters.dates import AsOf, ChangedSince
from gis_export.parameters.fields import Fields
from gis_export.parameters.options import Options
from gis_export.parameters.precision import Precision
from gis_export.parameters.reference_system import ReferenceSystem
from gis_export.parameters.simplify import Simplify
from gis_export.parameters.where import Where
from terrafusion.records.models import County

ALL: tuple[Parameter, ...] = (
    SpatialOperation(),
    ReferenceSystem(),
    Precision(),
    Simplify(),
    AsOf(),
    IncludeAssessmentData(),
    Fields(),
    Where(),
    ChangedSince(),
    Package(),
    Options(),
)
NAMES = tuple(parameter.name for parameter in ALL)


def in_force(resolved: dict[str, Any], county: County) -> dict[str, Any]:
    """What the county's settings and the day make of these parameters now, as JSON by name; of the others nothing."""
    told = {parameter.name: parameter.depends_on(resolved, county) for parameter in ALL}
    return {name: value for name, value in told.items() if value is not None}


__all__ = ["ALL", "NAMES", "Context", "Faults", "Parameter", "Refused", "in_force"]
