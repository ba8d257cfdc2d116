"""The parameters of an export, each in a module of its own.

``ALL`` holds them in the order in which they are checked and applied: a later one sees what the earlier ones did.
"""

from __future__ import annotations

from typing import Any

from gis_export.parameters.assessment import INCLUDE_ASSESSMENT_DATA
from gis_export.parameters.base import ExportContext, ExportParameter
from gis_export.parameters.choices import PACKAGE, SPATIAL_OPERATION
from gis_export.parameters.dates import AS_OF, CHANGED_SINCE
from gis_export.parameters.fields import FIELDS
from gis_export.parameters.options import OPTIONS
from gis_export.parameters.precision import PRECISION
from gis_export.parameters.reference_system import CRS
from gis_export.parameters.simplify import SIMPLIFY
from gis_export.parameters.where import WHERE
from terrafusion.records.models import County

ALL: tuple[ExportParameter[Any], ...] = (
    SPATIAL_OPERATION,
    CRS,
    PRECISION,
    SIMPLIFY,
    AS_OF,
    INCLUDE_ASSESSMENT_DATA,
    FIELDS,
    WHERE,
    CHANGED_SINCE,
    PACKAGE,
    OPTIONS,
)
NAMES = tuple(parameter.name for parameter in ALL)


def effective_inputs(resolved: dict[str, Any], county: County) -> dict[str, Any]:
    """What the county's settings and the day make of these parameters now, as JSON by name; of the others nothing."""
    inputs = {parameter.name: parameter.depends_on(resolved, county) for parameter in ALL}
    return {name: value for name, value in inputs.items() if value is not None}


__all__ = ["ALL", "NAMES", "ExportContext", "effective_inputs"]
