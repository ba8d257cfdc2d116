"""``make bench-load``: a county's parcels from a file of each format, by ``load_layer`` and by a peer, alternating.

ROWS, FORMATS and REPEAT in the environment. Ours is ``manage.py load_layer`` as an office types it, with every check,
into a fresh county; the peer is ogr2ogr into a bare table of the same server, which checks nothing, keeps no history
and has one index. Of REPEAT runs the fastest counts on both sides. A tenth of the rows shows how time and memory grow.

GeoPackage and Shapefile are in State Plane feet, which both sides transform to longitude and latitude; GeoJSON and CSV
(outlines as WKT) are in longitude and latitude. The database and the files are made for it, and are gone at the end.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from benchmarks import platform, usage
from benchmarks.peers import COLUMNS
from terrafusion.setup.errors import SetupError

_DATABASE = "terrafusion_benchmark_load"
_COUNTY, _BARE = "LOADED", "bare_parcels"
_LIMIT_SECONDS = 3600.0
_STATE_PLANE = "EPSG:2926"
_TO_LONLAT = ("-t_srs", "EPSG:4326")
_DBF_NAME = 10  # characters


@dataclass(frozen=True)
class _Format:
    """``written`` are options of ogr2ogr that make the file, ``read`` those that load it."""

    driver: str
    suffix: str
    written: tuple[str, ...] = ()
    read: tuple[str, ...] = ()


_FORMATS = {
    "GeoPackage": _Format("GPKG", ".gpkg", read=_TO_LONLAT),
    "Shapefile": _Format("ESRI Shapefile", ".shp", ("-lco", "ENCODING=UTF-8"), _TO_LONLAT),
    "CSV": _Format(
        "CSV",
        ".csv",
        (*_TO_LONLAT, "-lco", "GEOMETRY=AS_WKT"),
        ("-a_srs", "EPSG:4326", "-oo", "GEOM_POSSIBLE_NAMES=WKT", "-oo", "KEEP_GEOM_COLUMNS=NO"),
    ),
    "GeoJSON": _Format("GeoJSON", ".geojson", ("-lco", "RFC7946=YES")),
}


def run() -> None:
    rows = int(os.environ.get("ROWS") or "1000000")
    repeat = int(os.environ.get("REPEAT") or "1")
    names = (os.environ.get("FORMATS") or ",".join(_FORMATS)).split(",")
    if unknown := sorted(set(names) - set(_FORMATS)):
        raise SetupError(f"Unknown FORMATS={','.join(unknown)}. Available: {', '.join(_FORMATS)}.")
    program = shutil.which("ogr2ogr")
    if program is None:
        raise SetupError("The peer is missing. Type: apt-get install gdal-bin")
    results = []
    with _database(), _folder() as folder:
        county = _Loads(program, folder, rows)
        print(
            f"{'file':<12}{'rows':>10}{'ours s':>9}{'peer s':>9}{'ratio':>7}{'peak MB':>9}{'cpu s':>8}{'peer cpu':>10}"
        )
        for name in names:
            for size in (max(rows // 10, 1), rows):
                results.append(county.compare(name, size, repeat))
                platform.save("load", results)  # what is measured stays, whatever comes after


@contextmanager
def _database() -> Iterator[None]:
    beside = platform.use_benchmark_database(_DATABASE, fresh=True)
    try:
        yield
    finally:
        from django.db import connections

        connections.close_all()
        platform.drop_database(beside, _DATABASE)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = platform.FOLDER / "load"
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Loads:
    """The loads of one generated county, which is kept as a GeoPackage; of the others there is one file at a time."""

    def __init__(self, program: str, folder: Path, rows: int) -> None:
        self._program = program
        self._folder = folder
        parameters = conninfo_to_dict(platform.conninfo())
        # A password in a command line could be read by anybody on the machine.
        self._environment = {**os.environ, "PGPASSWORD": str(parameters.pop("password", ""))}
        self._server = "PG:" + " ".join(f"{key}='{value}'" for key, value in parameters.items())
        self._county = folder / "county.gpkg"
        county = platform.county_of(rows)
        query = (
            f"SELECT geometry, {', '.join(COLUMNS)} FROM records_propertyoperational "
            f"WHERE county_id = '{county}' ORDER BY id"
        )
        self._write("GPKG", self._county, self._server, "-sql", query, "-t_srs", _STATE_PLANE, "-nlt", "MULTIPOLYGON")
        _empty()

    def compare(self, name: str, rows: int, repeat: int) -> dict[str, Any]:
        how = _FORMATS[name]
        folder = self._folder / "file"
        folder.mkdir()
        file = folder / f"parcels{how.suffix}"
        self._write(how.driver, file, str(self._county), "-limit", str(rows), *how.written)
        ours, theirs = [], []
        for _ in range(repeat):
            ours.append(self._ours(file, rows))
            theirs.append(self._theirs(file, rows, how.read))
        shutil.rmtree(folder)
        seconds, peer_seconds = (min(one.seconds for one in runs) for runs in (ours, theirs))
        cpu, peer_cpu = (min(one.cpu for one in runs) for runs in (ours, theirs))
        result = {
            "file": name,
            "rows": rows,
            "ours_s": round(seconds, 2),
            "peer": "ogr2ogr",
            "peer_s": round(peer_seconds, 2),
            "ratio": round(peer_seconds / seconds, 2),
            "ours_peak_rss_mb": round(max(one.peak_mb for one in ours)),
            "ours_cpu_s": round(cpu, 2),
            "peer_cpu_s": round(peer_cpu, 2),
            "ours_client_cpu_s": round(min(one.client_cpu for one in ours), 2),
        }
        print(
            f"{name:<12}{rows:>10,}{seconds:>9.1f}{peer_seconds:>9.1f}{result['ratio']:>7.2f}"
            f"{result['ours_peak_rss_mb']:>9.0f}{cpu:>8.1f}{peer_cpu:>10.1f}",
            flush=True,
        )
        return result

    def _write(self, driver: str, file: Path, source: str, *options: str) -> None:
        command = [self._program, "-q", "-f", driver, str(file), source, "-nln", "parcels", *options]
        usage.of(command, platform.conninfo(), self._environment, _LIMIT_SECONDS)

    def _ours(self, file: Path, rows: int) -> usage.Usage:
        _fresh_county()
        mapping = file.with_suffix(".toml")
        cut = _DBF_NAME if file.suffix == ".shp" else None
        fields = "".join(f'{name} = "{name[:cut]}"\n' for name in COLUMNS)
        mapping.write_text(f"crs = 4326\n[fields]\n{fields}", encoding="utf-8")
        command = [sys.executable, "manage.py", "load_layer", _COUNTY, "parcels", str(file), "--mapping", str(mapping)]
        used = usage.of([*command, "--json"], platform.conninfo(), self._environment, _LIMIT_SECONDS)
        inserted = json.loads(used.output)["inserted"]
        if inserted != rows:
            raise SetupError(f"load_layer inserted {inserted:,} of {rows:,} rows of {file.name}: {used.output[:2000]}")
        _empty()
        return used

    def _theirs(self, file: Path, rows: int, options: tuple[str, ...]) -> usage.Usage:
        _empty()
        command = [self._program, "-q", "-f", "PostgreSQL", self._server, str(file)]
        command += ["-nln", _BARE, "-nlt", "MULTIPOLYGON", *options]
        used = usage.of(command, platform.conninfo(), self._environment, _LIMIT_SECONDS)
        with psycopg.connect(platform.conninfo(), autocommit=True) as connection:
            (count,) = connection.execute(f"SELECT count(*) FROM {_BARE}").fetchone() or (0,)
            connection.execute(f"DROP TABLE {_BARE}")
        if count != rows:
            raise SetupError(f"ogr2ogr loaded {count:,} of {rows:,} rows of {file.name}.")
        return used


def _fresh_county() -> None:
    _empty()
    with psycopg.connect(platform.conninfo(), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO records_county (id, name, fips, state, state_plane_srid) "
            "VALUES (%s, 'Loaded County', '53033', 'WA', 2926)",
            [_COUNTY],
        )


def _empty() -> None:
    """No county, and no work left for the server that would be done while the next load is timed."""
    with psycopg.connect(platform.conninfo(), autocommit=True) as connection:
        connection.execute("TRUNCATE records_county CASCADE")
        with suppress(psycopg.errors.InsufficientPrivilege):
            connection.execute("CHECKPOINT")


if __name__ == "__main__":
    platform.main(run)
