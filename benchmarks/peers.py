"""The programs that ours is measured against, each making the same end product from the same rows."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from terrafusion.setup.errors import SetupError

COLUMNS = (
    *("parcel_number", "situs_address", "situs_city", "situs_postal_code", "property_class", "use_code"),
    *("use_description", "zoning", "neighborhood", "lot_area_sqft", "living_area_sqft", "year_built"),
    *("effective_year_built", "quality", "condition", "stories", "bedrooms", "land_value", "improvement_value"),
    "total_value",
)
"""The 20 attributes that both sides write."""


@dataclass(frozen=True)
class Ogr2ogr:
    """Debian's ogr2ogr with the options that make it do what our format does."""

    driver: str
    file: str
    options: tuple[str, ...] = ()
    name: str = "ogr2ogr"

    def seconds(self, conninfo: str, county: str, folder: Path, *more: str) -> float:
        """``more`` are options of ogr2ogr."""
        program = shutil.which("ogr2ogr")
        if program is None:
            raise SetupError("The peer is missing. Type: apt-get install gdal-bin")
        parameters = conninfo_to_dict(conninfo)
        # A password in a command line could be read by anybody on the machine.
        environment = {**os.environ, "PGPASSWORD": str(parameters.pop("password", ""))}
        source = "PG:" + " ".join(f"{key}='{value}'" for key, value in parameters.items())
        target = folder / self.file
        command = [program, "-q", "-f", self.driver, str(target), source, "-sql", _query(county)]
        begun = time.perf_counter()
        subprocess.run(
            [*command, "-nln", "parcels", *self.options, *more],
            check=True,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        return time.perf_counter() - begun


@dataclass(frozen=True)
class GeoPandas:
    """GeoPandas, where ogr2ogr has no driver."""

    name: str = "geopandas"

    def seconds(self, conninfo: str, county: str, folder: Path, *_: str) -> float:
        script = (
            "import sys, geopandas, adbc_driver_postgresql.dbapi as pg\n"
            "connection = pg.connect(sys.stdin.read())\n"
            "cursor = connection.cursor()\n"
            f"cursor.execute({_query(county).replace('geometry', 'ST_AsBinary(geometry) AS geometry', 1)!r})\n"
            "table = cursor.fetch_arrow_table().to_pandas()\n"
            "table['geometry'] = geopandas.GeoSeries.from_wkb(table['geometry'], crs=4326)\n"
            "frame = geopandas.GeoDataFrame(table)\n"
            "frame = frame.iloc[frame.hilbert_distance().argsort()]\n"
            "frame.to_parquet(sys.argv[1], compression='zstd', write_covering_bbox=True)\n"
        )
        begun = time.perf_counter()
        subprocess.run(
            [str(Path(".venv/bin/python").absolute()), "-c", script, str(folder / "out.parquet")],
            input=conninfo.encode(),
            check=True,
        )
        return time.perf_counter() - begun


@dataclass(frozen=True)
class CopyBinary:
    """The least that any export of these rows can take: PostgreSQL's own binary copy, thrown away."""

    name: str = "COPY BINARY"

    def seconds(self, conninfo: str, county: str, folder: Path, *_: str) -> float:
        begun = time.perf_counter()
        copy = f"COPY ({_query(county)}) TO STDOUT (FORMAT BINARY)"
        with psycopg.connect(conninfo) as connection, connection.cursor().copy(copy.encode()) as copied:
            for _piece in copied:
                pass
        return time.perf_counter() - begun


def _query(county: str) -> str:
    return (
        f"SELECT geometry, {', '.join(COLUMNS)} FROM records_propertyoperational "
        f"WHERE county_id = '{county}' ORDER BY id"
    )


Peer = Ogr2ogr | GeoPandas | CopyBinary
PEERS: dict[str, Peer] = {
    "GeoPackage": Ogr2ogr("GPKG", "out.gpkg", ("-nlt", "MULTIPOLYGON")),
    "GeoJSON": Ogr2ogr("GeoJSON", "out.geojson", ("-lco", "RFC7946=YES")),
    "GeoJSONSeq": Ogr2ogr("GeoJSONSeq", "out.geojsons", ("-lco", "RS=YES")),
    "Shapefile": Ogr2ogr("ESRI Shapefile", "out.shz", ("-lco", "ENCODING=UTF-8")),
    "FlatGeobuf": Ogr2ogr("FlatGeobuf", "out.fgb", ("-nlt", "MULTIPOLYGON")),
    "GeoParquet": GeoPandas(),
    "CSV": Ogr2ogr("CSV", "out.csv", ("-lco", "GEOMETRY=AS_WKT", "-lco", "STRING_QUOTING=ALWAYS")),
    "KML": Ogr2ogr("KML", "out.kml"),
    "FileGDB": Ogr2ogr("OpenFileGDB", "out.gdb", ("-nlt", "MULTIPOLYGON")),
    "GML": Ogr2ogr("GML", "out.gml", ("-dsco", "FORMAT=GML3.2")),
    "TAB": Ogr2ogr("MapInfo File", "out.tab", ("-lco", "ENCODING=UTF-8")),
    "XLSX": Ogr2ogr("XLSX", "out.xlsx"),
}
"""None for KMZ, of which LIBKML takes minutes, for DXF, whose driver takes no attributes, and for PMTiles, which
Debian's GDAL does not know."""

FEWER = {"XLSX": 200_000, "DXF": 200_000, "PMTiles": 100_000}
"""Most rows of formats that are not made for a whole county: a sheet, a drawing and a map's tiles."""
