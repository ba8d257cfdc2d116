"""The parameters of an export, each in a module of its own.

``ALL`` holds them in the order in which they are checked and applied: a later one sees what the earlier ones did.
"""

from __future__ import annotations

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

__all__ = ["ALL", "NAMES", "Context", "Faults", "Parameter", "Refused"]
