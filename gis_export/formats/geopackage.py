"""GeoPackage 1.4 (OGC 12-128r19)."""

from __future__ import annotations

from pathlib import Path

from gis_export.formats.base import Reader, Written
from gis_export.formats.native import NativeFormat


class GeoPackage(NativeFormat):
    name = "GeoPackage"
    label = "GeoPackage"
    extension = "gpkg"
    media_type = "application/geopackage+sqlite3"
    description = "One file with every layer, typed and spatially indexed: the best choice for QGIS and ArcGIS."
    notes = (
        "All layers in one file, each with an R-tree index; names, types and widths are kept.",
        "Date-times are in UTC. The same data gives the same bytes: the file's dates are those of the newest data.",
    )
    multi_layer = True
    driver = "GPKG"
    layer_options = {"GEOMETRY_NAME": "geom", "SPATIAL_INDEX": "YES"}
    bytes_per_record = 600

    def write(self, reader: Reader, path: Path) -> Written:
        import pyogrio

        # The file is private until it is published, so a crash needs no journal.
        pyogrio.set_gdal_config_options(
            {"OGR_SQLITE_SYNCHRONOUS": "OFF", "OGR_SQLITE_JOURNAL": "OFF", "OGR_CURRENT_DATE": reader.layer.changed_at}
        )
        return super().write(reader, path)


FORMAT = GeoPackage()
