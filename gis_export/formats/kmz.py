"""KMZ: KML in a zip, packed while it is written."""

from __future__ import annotations

from pathlib import Path

from gis_export.formats.base import Limit
from gis_export.formats.kml import KML
from gis_export.formats.sizes import Size
from gis_export.formats.text import Sink
from gis_export.plan import LayerPlan


class KMZ(KML):
    name = "KMZ"
    label = "KMZ (zipped KML)"
    extension = "kmz"
    media_type = "application/vnd.google-earth.kmz"
    description = "KML packed to about a tenth of its size, as doc.kml: for Google Earth."
    limits = (Limit("bytes of doc.kml", 2**32 - 1, "More are refused: not every program reads a larger zip."),)
    size = Size(file=340, field=60, packed_file=420, packed_field=14)
    deflated = True

    def open(self, path: Path, layers: tuple[LayerPlan, ...]) -> Sink:
        from gis_export.writer.package import ZippedFile, changed_at

        zipped = ZippedFile(path, changed_at(layers))
        zipped.begin("doc.kml")
        return zipped


FORMAT = KMZ()
