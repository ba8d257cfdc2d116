"""Parameters that are one of a few words."""

from __future__ import annotations

from dataclasses import replace

from gis_export.parameters.base import ExportParameter
from gis_export.selection import OPERATIONS, LayerSelection
from terrafusion.jobs.request import Choice


class SpatialOperation(ExportParameter[str], Choice):
    def apply(self, value: str, selection: LayerSelection) -> LayerSelection:
        return replace(selection, operation=value)


class Package(ExportParameter[str], Choice):
    """Whether a single file is packed, too: it is the job that packs."""


SPATIAL_OPERATION = SpatialOperation(
    "spatial_operation",
    "intersects",
    "intersects takes what touches the area, within what lies wholly inside, clip cuts at its edge; "
    "intersects by default.",
    OPERATIONS,
)
PACKAGE = Package(
    "package",
    "auto",
    "zip packs a single file too; auto, the default, packs where there is more than one file.",
    ("auto", "zip"),
)
