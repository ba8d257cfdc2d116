"""How many decimals coordinates have."""

from __future__ import annotations

from dataclasses import replace

from gis_export.parameters.base import ExportParameter
from gis_export.selection import LayerSelection
from terrafusion.jobs.request import Integer

_MAX = 15


class Precision(ExportParameter[int | None], Integer):
    """Effective: the decimals, None for all that there are."""

    def apply(self, value: int | None, selection: LayerSelection) -> LayerSelection:
        return replace(selection, precision=value)


PRECISION = Precision(
    "precision",
    None,
    f"Decimals of coordinates, 0 to {_MAX}, in the units of the output's CRS: shapes are put on that grid and stay "
    "valid. By default all that the format keeps.",
    0,
    _MAX,
)
