"""Bytes of an export of a kind that was not made yet: by samples of its layers, and by the figures of its format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from gis_export.estimates.line import Line
from gis_export.estimates.sampling import sample
from gis_export.formats.sizes import Expected

if TYPE_CHECKING:
    from gis_export.request import ExportRequest
    from gis_export.selection import LayerSelection

_UNKNOWN = Expected(2000, 600)
"""Of a layer that has no records, or that cannot be read in time."""
_MANIFEST, _OF_A_FIELD = 1600, 12
"""Bytes of a manifest in a zip, and of what it says of a field."""
_BOUNDARY = 600
"""Bytes of the area of interest in a zip, beside its vertices."""
_VERTEX = 16


def expected_bytes(wanted: ExportRequest, selections: list[LayerSelection], layers: dict[str, int]) -> Line:
    """The line through none and the expected number of each of the layers' records."""
    file_format = wanted.file_format
    samples = [sample(selection, file_format, layers[selection.layer.name]) for selection in selections]
    known = [one for one in samples if one is not None]
    packed = (
        wanted.values["package"] == "zip"
        or (len(selections) > 1 and not file_format.multi_layer)
        or any(file_format.is_several_files(one) for one in known)
        or (file_format.in_parts == "dataset" and max(layers.values()) > settings.EXPORT_PARTS_ABOVE)
    )
    fixed = 0.0
    if packed:
        fixed = _MANIFEST + _OF_A_FIELD * sum(len(selection.fields) for selection in selections)
        if wanted.area is not None:
            fixed += _BOUNDARY + _VERTEX * wanted.area.vertices
    records = sum(layers.values())
    total = 0.0
    for selection, one in zip(selections, samples, strict=True):
        expected = _UNKNOWN if one is None else file_format.expected(one, packed)
        fixed += expected.fixed
        total += expected.each * layers[selection.layer.name]
    return Line(fixed, total / records if records else _UNKNOWN.each)
