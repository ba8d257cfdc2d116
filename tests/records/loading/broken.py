"""Small sound files of each format that is read, and all that can be cut off or flipped in them."""

from __future__ import annotations

import json
import random
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ezdxf
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

from terrafusion.records.loading import LoadError
from terrafusion.records.loading.readers import batches, open_source
from tests.records.loading import files

ROWS = 6
KEYS = [f"{n:05d}" for n in range(ROWS)]
NOTES = ["some text", "é 漢字", 'a "b", c', "", "line 1\nline 2", "x"]
VALUES = [1, 250_000, 0, -7, 123_456_789, 5]
NAME = "p"
CUT_IS_SHORTER = ("csv",)  # it has neither a count nor an end


@dataclass(frozen=True)
class Row:
    """``cells`` are those that are not absent, without the names of their columns: a flipped bit of a name is no
    fault of the rows."""

    cells: list[bytes]
    refused: bool


Table = list[Row]


def _columns() -> dict[str, list[Any]]:
    return {"KEY": KEYS, "NOTE": NOTES, "VALUE": VALUES}


def _by_gdal(suffix: str, **options: Any) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        return files.write(folder / f"{NAME}{suffix}", _columns(), map(files.square, range(ROWS)), **options)

    return make


def _csv(folder: Path) -> Path:
    rows = (dict(zip(_columns(), row, strict=True)) for row in zip(*_columns().values(), strict=True))
    return files.write_csv(folder / f"{NAME}.csv", rows)


def _features() -> list[dict[str, Any]]:
    rows = [dict(zip(_columns(), row, strict=True)) for row in zip(*_columns().values(), strict=True)]
    return [
        {"type": "Feature", "properties": row, "geometry": {"type": "Point", "coordinates": [-122.3, 47.5]}}
        for row in rows
    ]


def _json_lines(folder: Path) -> Path:
    path = folder / f"{NAME}.geojsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in _features()))
    return path


def _esri(folder: Path) -> Path:
    rows = [{"attributes": one["properties"], "geometry": {"x": 1, "y": 2}} for one in _features()]
    path = folder / f"{NAME}.json"
    path.write_text(json.dumps({"geometryType": "esriGeometryPoint", "features": rows}))
    return path


def _workbook(folder: Path) -> Path:
    book = openpyxl.Workbook()
    for row in [tuple(_columns()), *zip(*_columns().values(), strict=True)]:
        book.active.append(row)
    book.save(folder / f"{NAME}.xlsx")
    return folder / f"{NAME}.xlsx"


def _parquet(folder: Path) -> Path:
    pq.write_table(pa.table(_columns()), folder / f"{NAME}.parquet", write_page_checksum=True)
    return folder / f"{NAME}.parquet"


def _drawing(folder: Path) -> Path:
    drawing = ezdxf.new("R2000")
    for number in range(ROWS):
        drawing.modelspace().add_lwpolyline(list(files.square(number).exterior.coords)[:-1], close=True)
    drawing.saveas(folder / f"{NAME}.dxf")
    return folder / f"{NAME}.dxf"


def _zip(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "p.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(_csv(folder), f"{NAME}.csv")
    (folder / f"{NAME}.csv").unlink()
    return folder / "p.zip"


MAKERS: dict[str, Callable[[Path], Path]] = {
    "csv": _csv,
    "geojson": _by_gdal(".geojson", crs="EPSG:4326"),
    "geojsonl": _json_lines,
    "esri": _esri,
    "gpkg": _by_gdal(".gpkg"),
    "shp": _by_gdal(".shp"),
    "fgb": _by_gdal(".fgb"),
    "gml": _by_gdal(".gml"),
    "kml": _by_gdal(".kml", crs="EPSG:4326", driver="KML"),
    "tab": _by_gdal(".tab"),
    "xlsx": _workbook,
    "parquet": _parquet,
    "dxf": _drawing,
    "zip": _zip,
}


def read(path: Path) -> Table | LoadError:
    """Each row; or why there is none. What else is raised is a fault of the loader."""
    try:
        with open_source(path) as source:
            rows: Table = []
            for part in batches(source, source.columns, geometry=True):
                refused = {int(n) for problem in part.problems for n in problem.mask.nonzero()[0]}
                columns = {name: _cells(part.batch.column(name)) for name in source.columns}
                if part.wkb is not None:
                    columns["shape"] = part.wkb.to_pylist()
                for number in range(part.batch.num_rows):
                    cells = [values[number] for values in columns.values() if values[number] is not None]
                    rows.append(Row(sorted(cells), number in refused))
            return rows or LoadError("It holds no rows.")
    except LoadError as error:
        return error


def _cells(column: pa.Array) -> list[Any]:
    """The text of each, as bytes, which may be none in UTF-8."""
    if not pa.types.is_string(column.type):
        return [value if value is None else str(value).encode() for value in column.to_pylist()]
    cells: list[Any] = column.cast(pa.binary()).to_pylist()
    return cells


def fault(sound: Table, broken: Table | LoadError, may_be_shorter: bool = False) -> str:
    """What is wrong with an outcome; empty where nothing is. A flipped byte of a value makes another value, of which no
    format knows; it can touch no more than one row. A column more, where a schema is not understood, is no loss."""
    if isinstance(broken, LoadError):
        return "" if str(broken).endswith(".") and len(str(broken).splitlines()) == 1 else f"no sentence: {broken}"
    if may_be_shorter and len(broken) <= len(sound):
        sound = sound[: len(broken)]
    refused = sum(row.refused for row in broken)
    if len(broken) != len(sound) and not refused:
        return f"{len(broken)} rows of {len(sound)}"
    different = sum(not set(one.cells) <= set(other.cells) for one, other in zip(sound, broken, strict=False))
    return f"{different} rows are others" if different > 1 and not refused else ""


def outcomes(name: str, folder: Path, cuts: int, flips: int) -> Iterator[tuple[str, str]]:
    """(what was done, what is wrong with the outcome) of each format, cut at so many places and with so many flipped
    bits, which are spread over its files by their sizes."""
    sound = folder / "sound"
    sound.mkdir()
    path = MAKERS[name](sound)
    truth = read(path)
    assert not isinstance(truth, LoadError), truth
    assert len(truth) == ROWS
    parts = {part.name: part.read_bytes() for part in sorted(sound.iterdir())}
    places = [(part, at) for part, raw in parts.items() for at in range(len(raw))]
    random_ = random.Random(name)
    for kind, count in (("cut", cuts), ("flip", flips)):
        for part, at in sorted(random_.sample(places, min(count, len(places)))):
            raw = bytearray(parts[part])
            if kind == "cut":
                del raw[at:]
            else:
                raw[at] ^= 1 << random_.randrange(8)
            with tempfile.TemporaryDirectory() as broken:
                for other, content in parts.items():
                    (Path(broken) / other).write_bytes(raw if other == part else content)
                shorter = kind == "cut" and name in CUT_IS_SHORTER
                yield f"{part} {kind} at {at}", fault(truth, read(Path(broken) / path.name), shorter)
