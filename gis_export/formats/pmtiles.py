"""PMTiles 3: Mapbox vector tiles, which PostGIS cuts, in one file."""

from __future__ import annotations

import math
import tempfile
import warnings
from array import array
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from gis_export.formats import tile_sizes, tile_sql, world
from gis_export.formats.base import Format, Limit, Option, Reader, Written
from gis_export.formats.sizes import Expected, Sample, Size
from gis_export.plan import LayerPlan, Loss
from terrafusion.words import counted

if TYPE_CHECKING:
    from gis_export.content import Content, Recorded

_POINTS = 2000
_TYPES = {"integer": "Number", "real": "Number", "boolean": "Boolean"}


class PMTiles(Format):
    name = "PMTiles"
    label = "PMTiles (vector tiles)"
    extension = "pmtiles"
    media_type = "application/vnd.pmtiles"
    description = (
        "Vector tiles of all layers in one file, for web maps: read in parts from any storage, without a server."
    )
    notes = (
        "Tiles from zoom 0 to max_zoom in Web Mercator. The highest zoom has every record with all its attributes.",
        f"Lower ones have the lines and areas that are {tile_sql.SMALLEST} of a tile's {tile_sql.PIXELS} pixels wide "
        f"or high there, and {_POINTS:,} points a tile on the average; the loss report counts each zoom's records.",
        "A record has its number in the export as the identifier of its features, in every tile that it touches.",
        "Whole numbers are exact in the file; web maps keep 53 bits of them.",
    )
    options = (
        Option(
            "max_zoom",
            "The highest zoom: each one more doubles the precision and the tiles.",
            15,
            minimum=8,
            maximum=18,
        ),
    )
    limits = (Limit("bytes of a field's name", tile_sql.NAME_BYTES, "A longer one is shortened."),)
    may_lose = {
        "renamed": "A field's name is too long.",
        "retyped": "Dates and date-times are text.",
        "split": "Lines and areas are cut at the edges of the tiles that they touch.",
        "altered": f"Coordinates are rounded to a {tile_sql.GRID}th of a tile, and outlines that then cross themselves "
        "are repaired: what is narrower may close up. What is smaller is drawn as the smallest shape there is.",
        "dropped": "Records without a geometry; numbers that are none, such as NaN; at lower zooms, what is too small "
        "or too dense.",
    }
    multi_layer = True
    fixed_srid = 3857
    has_bbox = True
    shapes_only = True
    size = Size(file=600, field=30, packed_file=600, packed_field=30)

    def begin(self, path: Path, layers: tuple[LayerPlan, ...]) -> None:
        self._layers = layers
        self._boxes: list[world.Box] = []
        self._spool = _Spool(path.parent)

    def write(self, reader: Reader, path: Path) -> Written:
        layer = reader.layer
        zoom = layer.options["max_zoom"]
        source = reader.source()
        if box := world.bbox(reader, tile_sql.WORLD):
            self._boxes.append(box)
        sql = tile_sql.tiles(layer, zoom, _fractions(source.records, source.extent, zoom))
        shown: Counter[int] = Counter()
        counts: Counter[str] = Counter()
        with reader.groups(sql) as (_, batches):
            for batch in batches:
                for row in batch.select(["z", "x", "y", "tile", "shown", "substitute", "none"]).to_pylist():
                    counts.update(substitute=row["substitute"], none=row["none"])
                    if row["z"] is not None:
                        shown[row["z"]] += row["shown"]
                        if row["tile"]:
                            self._spool.add(row["z"], row["x"], row["y"], row["tile"])
        losses = _losses(layer, zoom, shown, counts, source.without_geometry)
        return Written([path], shown[zoom] + source.without_geometry, losses)

    def finish(self, path: Path) -> str:
        from isal import igzip
        from pmtiles.tile import Compression, TileType
        from pmtiles.writer import Writer

        with path.open("wb") as file:
            archive = Writer(file)
            archive.tile_f.close()
            archive.tile_f = tempfile.TemporaryFile(dir=path.parent)  # noqa: SIM115 - it closes it
            for tile, data in self._spool.in_order():
                archive.write_tile(tile, igzip.compress(data, mtime=0))
            if not archive.tile_entries:  # an archive of nothing is none
                archive.write_tile(0, igzip.compress(b"", mtime=0))
            header = {"tile_type": TileType.MVT, "tile_compression": Compression.GZIP, **_placed(self._boxes)}
            archive.finalize(header, _metadata(self._layers))
        return ""

    def expected(self, sample: Sample, packed: bool) -> Expected:
        fixed = self.size.file + self.size.field * len(sample.layer.columns)
        return Expected(fixed, tile_sizes.record(sample, sample.layer.options["max_zoom"], _POINTS))

    def verify(self, path: Path, recorded: Recorded) -> Content:
        """The highest zoom. GDAL's reader cuts records at the edges of the tiles; the pieces of one bear its number."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc
        import pyogrio
        import pyogrio.raw
        import shapely

        from gis_export.content import ROWS, Content, columns_to_sum

        content = Content()
        numbers: list[Any] = []
        values: dict[str, list[Any]] = {name: [] for name in recorded.sums}
        with warnings.catch_warnings(action="ignore"):  # of whole numbers that a double does not hold exactly
            fields = set(pyogrio.read_info(path, layer=recorded.layer)["fields"])
            if "mvt_id" not in fields:  # an archive of nothing
                return content
            columns = ["mvt_id", *(name for name in recorded.sums.values() if name in fields)]
            options = {"layer": recorded.layer, "columns": columns, "batch_size": ROWS, "use_pyarrow": True}
            with pyogrio.raw.open_arrow(path, **options) as (meta, rows):
                geometry = meta["geometry_name"] or "wkb_geometry"
                for batch in rows:
                    numbers.append(batch.column("mvt_id"))
                    for name, column in columns_to_sum(batch, recorded).items():
                        values[name].append(column)
                    content.add(shapely.from_wkb(batch.column(geometry).to_numpy(zero_copy_only=False)), {})
        if numbers:
            _, first = np.unique(np.concatenate([part.to_numpy() for part in numbers]), return_index=True)
            content.records = len(first)
            content.sums = {
                name: float(pc.sum(pa.chunked_array(parts).take(pa.array(first))).as_py() or 0)
                for name, parts in values.items()
                if parts
            }
        return content

    def coordinate_error(self, layer: dict[str, Any], resolved: dict[str, Any]) -> float:
        """A step of the grid: the smallest shape reaches as far from its place."""
        zoom: int = resolved["options"]["max_zoom"]
        return tile_sql.WORLD / (1 << zoom) / tile_sql.GRID


class _Spool:
    """Parts of tiles on the disk, found again by the tiles' numbers."""

    def __init__(self, folder: Path) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed when all is read
        self._tiles, self._starts, self._sizes = array("Q"), array("Q"), array("Q")
        self._end = 0

    def add(self, z: int, x: int, y: int, part: bytes) -> None:
        from pmtiles.tile import zxy_to_tileid

        self._file.write(part)
        for known, value in (
            (self._tiles, zxy_to_tileid(z, x, y)),
            (self._starts, self._end),
            (self._sizes, len(part)),
        ):
            known.append(value)
        self._end += len(part)

    def in_order(self) -> Iterator[tuple[int, bytes]]:
        """Each tile once, its parts in the order in which they came: layers one after the other make a whole tile."""
        import numpy as np

        order = np.argsort(np.asarray(self._tiles), kind="stable").tolist()
        for tile, places in groupby(order, key=self._tiles.__getitem__):
            yield tile, b"".join(self._part(place) for place in places)
        self._file.close()

    def _part(self, place: int) -> bytes:
        self._file.seek(self._starts[place])
        return self._file.read(self._sizes[place])


def _fractions(records: int, extent: tuple[float, float, float, float] | None, zoom: int) -> list[float]:
    """What part of the points each lower zoom can have, with ``_POINTS`` in a tile on the average."""
    xmin, ymin, xmax, ymax = extent or (0.0, 0.0, 0.0, 0.0)
    sides = [tile_sql.WORLD / (1 << z) for z in range(zoom)]
    tiles = [max(1.0, (xmax - xmin) / side) * max(1.0, (ymax - ymin) / side) for side in sides]
    return [min(1.0, _POINTS * number / max(records, 1)) for number in tiles]


def _losses(layer: LayerPlan, zoom: int, shown: Counter[int], counts: Counter[str], missing: int) -> list[Loss]:
    losses = []
    for column, name in zip(layer.columns, tile_sql.names(layer), strict=True):
        if name != column.name:
            losses.append(Loss(layer.name, "renamed", f"Named {name}.", field=column.name, becomes=name))
        if column.type in ("date", "datetime"):
            losses.append(Loss(layer.name, "retyped", "It is text.", field=column.name))
    if not layer.geometry_type.endswith("Point"):
        losses.append(Loss(layer.name, "split", "Shapes are cut at the edges of tiles."))
    meters = tile_sql.WORLD / tile_sql.GRID / (1 << zoom)
    narrow = " What is narrower than that may close up." if layer.geometry_type == "MultiPolygon" else ""
    losses.append(Loss(layer.name, "altered", f"Coordinates are rounded to {meters:.2g} m of Web Mercator.{narrow}"))
    every = shown[zoom]
    fewer = {z: shown[z] for z in range(zoom) if shown[z] < every}
    if fewer:
        kept = [f"{number:,} at zoom {z}" for z, number in sorted(fewer.items(), reverse=True) if number]
        if none := [z for z, number in fewer.items() if not number]:
            kept.append(f"none at zoom {max(none)} and below")
        detail = f"Lower zooms have fewer of the {counted(every, 'record')}: {', '.join(kept)}."
        losses.append(Loss(layer.name, "dropped", detail))
    for count, kind, detail in (
        (counts["substitute"], "altered", "What is smaller than that is the smallest shape there is."),
        (missing, "dropped", "Records without a geometry were left out."),
        (counts["none"], "dropped", "Numbers that are none, such as NaN, were left out."),
    ):
        if count:
            losses.append(Loss(layer.name, kind, detail, count=count))
    return losses


def _placed(boxes: list[world.Box]) -> dict[str, int]:
    """Where the header says that the tiles are, and where a map is to open. Maps show nothing of a header whose west is
    beyond its east, so that what lies across 180 degrees is said to be around the world; a map opens where it is."""
    west, south, east, north = -180.0, -85.0, 180.0, 85.0
    center, zoom = 0.0, 0
    if boxes:
        across = any(box[0] > box[2] for box in boxes)
        turned = [(x if not across or x > 0 else x + tile_sql.WORLD) for box in boxes for x in (box[0], box[2])]
        xmin, xmax = min(turned), max(turned)
        ymin, ymax = min(box[1] for box in boxes), max(box[3] for box in boxes)
        (left, south), (right, north) = _degrees(xmin, ymin), _degrees(xmax, ymax)
        if not across:
            west, east = left, right
        center = ((left + right) / 2 + 180) % 360 - 180
        widest = max(xmax - xmin, ymax - ymin, 1.0)
        zoom = min(max(int(math.log2(tile_sql.WORLD / widest)), 0), 15)
    degrees = {
        "min_lon": west,
        "min_lat": south,
        "max_lon": east,
        "max_lat": north,
        "center_lon": center,
        "center_lat": (south + north) / 2,
    }
    return {"center_zoom": zoom, **{f"{name}_e7": round(value * 1e7) for name, value in degrees.items()}}


def _degrees(x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of a place in Web Mercator."""
    radius = tile_sql.WORLD / math.tau
    return math.degrees(x / radius), math.degrees(math.atan(math.sinh(y / radius)))


def _metadata(layers: tuple[LayerPlan, ...]) -> dict[str, Any]:
    """What maps ask of the layers, as in TileJSON 3."""
    return {
        "name": ", ".join(layer.title for layer in layers),
        "type": "overlay",
        "vector_layers": [
            {
                "id": layer.name,
                "description": layer.description,
                "minzoom": 0,
                "maxzoom": layer.options["max_zoom"],
                "fields": {
                    name: _TYPES.get(column.type, "String")
                    for column, name in zip(layer.columns, tile_sql.names(layer), strict=True)
                },
            }
            for layer in layers
        ],
    }


FORMAT = PMTiles()
