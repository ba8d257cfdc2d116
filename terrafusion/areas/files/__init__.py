"""Areas that come as files: GeoJSON, zipped Shapefile, GeoPackage, KML and KMZ.

What a file is, its content decides and not its name. Everything is bounded: bytes, members of a zip, features, seconds.
Files that GDAL reads are read in a process of their own (``sandbox``), which knows one driver and ends with the file.
"""

from terrafusion.areas.files.reading import FORMATS, FileArea, read

__all__ = ["FORMATS", "FileArea", "read"]
