"""The R-tree of a GeoPackage's layer (OGC 12-128r19, annex F.3), filled from the leaves up.

SQLite keeps an R-tree in three tables ("Database Format of R-Tree Tables" in its ``rtree.c``): each node as a blob of
its cells, the node above each, and the node that holds each record. A cell is an id, of a record or of a node below,
with a box of 32-bit numbers. The root is node 1.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from gis_export.formats.boxes import Boxes, Levels, around

if TYPE_CHECKING:
    from gis_export.formats.boxes import Array

_CELLS = 51
"""The most that SQLite has in a node where pages have 4,096 bytes, as GDAL makes them."""
_ROWS_AT_ONCE = 1 << 16

# "{t}" is the layer's table, "{g}" its geometry, "{i}" its key, "{r}" the R-tree.
_TABLES = """
CREATE TABLE IF NOT EXISTS gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
CREATE VIRTUAL TABLE "{r}" USING rtree(id, minx, maxx, miny, maxy);
"""
_EXTENSION = ("gpkg_rtree_index", "http://www.geopackage.org/spec120/#extension_rtree", "write-only")
_TRIGGERS = """
CREATE TRIGGER "{r}_insert" AFTER INSERT ON "{t}"
WHEN (new."{g}" NOT NULL AND NOT ST_IsEmpty(NEW."{g}"))
BEGIN
  INSERT OR REPLACE INTO "{r}"
  VALUES (NEW."{i}", ST_MinX(NEW."{g}"), ST_MaxX(NEW."{g}"), ST_MinY(NEW."{g}"), ST_MaxY(NEW."{g}"));
END;
CREATE TRIGGER "{r}_update2" AFTER UPDATE OF "{g}" ON "{t}"
WHEN OLD."{i}" = NEW."{i}" AND (NEW."{g}" ISNULL OR ST_IsEmpty(NEW."{g}"))
BEGIN
  DELETE FROM "{r}" WHERE id = OLD."{i}";
END;
CREATE TRIGGER "{r}_update4" AFTER UPDATE ON "{t}"
WHEN OLD."{i}" != NEW."{i}" AND (NEW."{g}" ISNULL OR ST_IsEmpty(NEW."{g}"))
BEGIN
  DELETE FROM "{r}" WHERE id IN (OLD."{i}", NEW."{i}");
END;
CREATE TRIGGER "{r}_update5" AFTER UPDATE ON "{t}"
WHEN OLD."{i}" != NEW."{i}" AND (NEW."{g}" NOTNULL AND NOT ST_IsEmpty(NEW."{g}"))
BEGIN
  DELETE FROM "{r}" WHERE id = OLD."{i}";
  INSERT OR REPLACE INTO "{r}"
  VALUES (NEW."{i}", ST_MinX(NEW."{g}"), ST_MaxX(NEW."{g}"), ST_MinY(NEW."{g}"), ST_MaxY(NEW."{g}"));
END;
CREATE TRIGGER "{r}_update6" AFTER UPDATE OF "{g}" ON "{t}"
WHEN OLD."{i}" = NEW."{i}" AND (NEW."{g}" NOTNULL AND NOT ST_IsEmpty(NEW."{g}"))
  AND (OLD."{g}" NOTNULL AND NOT ST_IsEmpty(OLD."{g}"))
BEGIN
  UPDATE "{r}"
  SET minx = ST_MinX(NEW."{g}"), maxx = ST_MaxX(NEW."{g}"), miny = ST_MinY(NEW."{g}"), maxy = ST_MaxY(NEW."{g}")
  WHERE id = NEW."{i}";
END;
CREATE TRIGGER "{r}_update7" AFTER UPDATE OF "{g}" ON "{t}"
WHEN OLD."{i}" = NEW."{i}" AND (NEW."{g}" NOTNULL AND NOT ST_IsEmpty(NEW."{g}"))
  AND (OLD."{g}" ISNULL OR ST_IsEmpty(OLD."{g}"))
BEGIN
  INSERT INTO "{r}"
  VALUES (NEW."{i}", ST_MinX(NEW."{g}"), ST_MaxX(NEW."{g}"), ST_MinY(NEW."{g}"), ST_MaxY(NEW."{g}"));
END;
CREATE TRIGGER "{r}_delete" AFTER DELETE ON "{t}"
WHEN old."{g}" NOT NULL
BEGIN
  DELETE FROM "{r}" WHERE id = OLD."{i}";
END;
"""


def add_index(path: Path, table: str, geometry: str, key: str, boxes: Boxes) -> None:
    """``boxes`` are those of the table's records in the order of their keys, which count from 1."""
    given = {"t": table, "g": geometry, "i": key, "r": f"rtree_{table}_{geometry}"}
    names = {letter: name.replace('"', '""') for letter, name in given.items()}
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        # The file is private until it is published, so a crash needs no journal.
        database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
        database.executescript(_TABLES.format_map(names))
        database.execute("INSERT INTO gpkg_extensions VALUES (?, ?, ?, ?, ?)", (table, geometry, *_EXTENSION))
        database.execute("BEGIN")
        if boxes.present:
            _fill(database, names["r"], boxes)
        database.execute("COMMIT")
        database.executescript(_TRIGGERS.format_map(names))


def _fill(database: sqlite3.Connection, index: str, boxes: Boxes) -> None:
    import numpy as np

    levels = Levels.of(boxes.present, _CELLS)
    # Level by level, the root's number is 1; the records have none.
    numbers = [first + 1 for first in levels.first]

    def put(number: int, ids: Array, leaves: Array) -> Array:
        """The nodes that hold these, from a number on; gives the boxes of the nodes."""
        nodes = _nodes(ids, leaves, depth=len(numbers) - 2 if number == 1 else 0)
        database.executemany(f'INSERT INTO "{index}_node" VALUES (?, ?)', enumerate(nodes, number))
        return around(leaves, _CELLS)

    database.execute(f'DELETE FROM "{index}_node"')  # the empty root
    node_of = np.zeros(boxes.count, np.int32)
    above = []
    done = 0
    for records, strip in boxes.tiled(_CELLS):
        number = numbers[1] + done // _CELLS
        above.append(put(number, records + 1, _outward(strip)))
        node_of[records] = number + np.arange(len(records)) // _CELLS
        done += len(records)
    level = np.concatenate(above)
    for below, number in pairwise(numbers[1:]):
        ids = np.arange(len(level))
        parents = zip((below + ids).tolist(), (number + ids // _CELLS).tolist(), strict=True)
        database.executemany(f'INSERT INTO "{index}_parent" VALUES (?, ?)', parents)
        level = put(number, below + ids, level)
    # As JSON: rows through Python take twice as long.
    rows = f'INSERT INTO "{index}_rowid" SELECT key + ?, value FROM json_each(?) WHERE value > 0'
    for first in range(0, len(node_of), _ROWS_AT_ONCE):
        database.execute(rows, (first + 1, json.dumps(node_of[first : first + _ROWS_AT_ONCE].tolist())))


def _outward(boxes: Array) -> Array:
    """In 32 bits, never smaller than they were."""
    import numpy as np

    near = boxes.astype(np.float32)
    low, high = near[:, :2], near[:, 2:]
    low = np.where(low > boxes[:, :2], np.nextafter(low, np.float32(-np.inf)), low)
    high = np.where(high < boxes[:, 2:], np.nextafter(high, np.float32(np.inf)), high)
    return np.hstack([low, high])


def _nodes(ids: Array, boxes: Array, depth: int) -> list[bytes]:
    """The nodes of the cells, full but for the last: the tree's depth, which only the root holds, the number of cells,
    and the cells."""
    import numpy as np

    count = -(-len(ids) // _CELLS)
    cells = np.zeros(count * _CELLS, [("id", ">i8"), ("box", ">f4", 4)])
    cells["id"][: len(ids)] = ids
    cells["box"][: len(ids)] = boxes[:, [0, 2, 1, 3]]
    nodes = np.zeros(count, [("depth", ">i2"), ("cells", ">i2"), ("cell", cells.dtype, _CELLS)])
    nodes["depth"] = depth
    nodes["cells"] = _CELLS
    nodes["cells"][-1] = len(ids) - _CELLS * (count - 1)
    nodes["cell"] = cells.reshape(count, _CELLS)
    return [node.tobytes() for node in nodes]
