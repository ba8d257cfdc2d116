"""KMZ: KML in a zip, packed while it is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gis_export.formats.base import Limit, Reader, Written
from gis_export.formats.kml import KML
from gis_export.plan import LayerPlan

if TYPE_CHECKING:
    from gis_export.writer.package import Follower


class KMZ(KML):
    name = "KMZ"
    label = "KMZ (zipped KML)"
    extension = "kmz"
    media_type = "application/vnd.google-earth.kmz"
    description = "KML packed to about a tenth of its size, as doc.kml: for Google Earth."
    limits = (Limit("bytes of doc.kml", 2**32 - 1, "More are refused: not every program reads a larger zip."),)
    bytes_per_record = 200

    _packing: Follower[None]
    """Of the file in hand: a process writes one at a time."""

    def begin(self, path: Path, layers: tuple[LayerPlan, ...]) -> None:
        from gis_export.writer.package import Follower, changed_at, zip_one

        super().begin(_kml(path), layers)
        moment = changed_at(layers)
        self._packing = Follower(_kml(path), lambda chunks: zip_one("doc.kml", chunks, path, moment))

    def write(self, reader: Reader, path: Path) -> Written:
        return replace(super().write(reader, _kml(path)), files=[path])

    def finish(self, path: Path) -> None:
        super().finish(_kml(path))
        self._packing.result()
        _kml(path).unlink()


def _kml(path: Path) -> Path:
    return path.with_suffix(".kml")


FORMAT = KMZ()
