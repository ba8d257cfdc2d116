"""SQL that cuts a layer into Mapbox vector tiles, all zooms in one query."""

from __future__ import annotations

from gis_export.formats.base import free_name, group_metrics, literal
from gis_export.plan import ColumnPlan, LayerPlan

WORLD = 40_075_016.685_578_5
"""Width and height of the square that Web Mercator (EPSG:3857) makes of the world, in its meters."""
GRID = 4096
"""Units of a tile's width and height, to which coordinates are rounded."""
PIXELS = 256
SMALLEST = 2
"""Pixels that a line or an area needs in one direction to be shown at a lower zoom."""
NAME_BYTES = 63
_BUFFER = 64  # of the grid, drawn round a tile so that lines and symbols are not cut at its edge
# A position of a geometry, by its type.
_POSITION = {
    "Point": "g",
    "MultiPoint": "ST_GeometryN(g, 1)",
    "MultiLineString": "ST_StartPoint(ST_GeometryN(g, 1))",
    "MultiPolygon": "ST_StartPoint(ST_ExteriorRing(ST_GeometryN(g, 1)))",
}
# What stands for a shape that the grid makes nothing of: the smallest one round a position.
_SUBSTITUTE = {
    "MultiLineString": "ST_MakeLine(ST_Translate(position, -{unit}, -{unit}), ST_Translate(position, {unit}, {unit}))",
    "MultiPolygon": "ST_Expand(position, {unit})",
}
_HASH = 2_654_435_761  # Knuth's: it spreads numbers that follow each other evenly


def names(layer: LayerPlan) -> list[str]:
    """Of the attributes; those of PostgreSQL's columns have at most ``NAME_BYTES``."""
    unique: list[str] = []
    for column in layer.columns:
        name, number = _cut(column.name, NAME_BYTES), 1
        while name in unique:
            number += 1
            end = f"_{number}"
            name = _cut(column.name, NAME_BYTES - len(end)) + end
        unique.append(name)
    return unique


def tiles(layer: LayerPlan, zoom: int, fractions: list[float]) -> str:
    """A row for each tile: ``z, x, y``, the layer's part of the ``tile`` (NULL where it has none), how many records
    were ``shown`` there, how many of them by a ``substitute``, how many numbers were ``none``, and the metrics of
    groups. A record is counted in one tile of each zoom, the one that holds its first position. Those without a
    geometry make a row whose z is NULL.

    ``zoom`` is the highest, which has every record; ``fractions`` are the parts of the points that the lower ones have,
    from 0 on and ascending.
    """
    last = f"(home AND z = {zoom})"
    real = [f"c{i}" for i, column in enumerate(layer.columns) if column.type == "real"]
    none = " + ".join(f"({name} IS NOT NULL AND NOT {_is_number(name)})::int" for name in real) or "0"
    attributes = [f"{_value(i, column)} AS {_quoted(name)}" for i, (column, name) in _named(layer)]
    taken = names(layer)
    geometry, identifier = free_name("geom", taken), free_name("id", taken)
    return f"""
        SELECT z, x, y,
            ST_AsMVT(a, {literal(layer.name)}, {GRID}, {literal(geometry)}, {literal(identifier)})
                FILTER (WHERE shape IS NOT NULL) AS tile,
            count(*) FILTER (WHERE home) AS shown,
            count(*) FILTER (WHERE {last} AND substituted) AS substitute,
            coalesce(sum({none}) FILTER (WHERE {last} OR z IS NULL), 0)::bigint AS none,
            {", ".join(group_metrics(layer, f"{last} OR z IS NULL"))}
        FROM ({_pieces(layer, zoom, fractions)}) AS t
        CROSS JOIN LATERAL (SELECT {", ".join([f"shape AS {geometry}", f"n AS {identifier}", *attributes])}) AS a
        GROUP BY z, x, y
        ORDER BY z, x, y"""


def _pieces(layer: LayerPlan, zoom: int, fractions: list[float]) -> str:
    """A row for each record in each of its tiles, with its ``shape`` there; OFFSET 0 keeps what is computed once from
    being computed wherever it is named."""
    columns = "".join(f", c{i}" for i in range(len(layer.columns)))
    unit = f"({WORLD / GRID} / (1 << z))"
    substitute = _SUBSTITUTE.get(layer.geometry_type, "").format(unit=unit)
    instead = f"CASE WHEN home THEN {_cut_to_tile(layer, substitute)} END" if substitute else "NULL::geometry"
    margin = _BUFFER / GRID
    return f"""
        SELECT n, missing, area{columns}, z, x, y, home, coalesce(cut, instead) AS shape,
            cut IS NULL AND instead IS NOT NULL AS substituted
        FROM ({_records(layer, zoom, fractions)}) AS f
        LEFT JOIN LATERAL (
            SELECT z, x, y, home, cut, CASE WHEN cut IS NULL THEN {instead} END AS instead
            FROM (
                SELECT z, x, y, {_cut_to_tile(layer, "g")} AS cut,
                    x = {_tile("from_west")} AND y = {_tile("from_north")} AS home
                FROM generate_series(CASE WHEN NOT missing THEN min_zoom END, {zoom}) AS z
                CROSS JOIN LATERAL generate_series({_tile("xmin", -margin)}, {_tile("xmax", margin)}) AS x
                CROSS JOIN LATERAL generate_series({_tile("ymin", -margin)}, {_tile("ymax", margin)}) AS y
                OFFSET 0
            ) AS cuts
            OFFSET 0
        ) AS cuts ON TRUE
        WHERE z IS NULL OR home OR cut IS NOT NULL
        OFFSET 0"""


def _records(layer: LayerPlan, zoom: int, fractions: list[float]) -> str:
    """The layer's rows, numbered, with corners as parts of the world's width, and the lowest zoom that shows each."""
    if layer.geometry_type.endswith("Point"):
        random = f"((n * {_HASH}) % (1::bigint << 32) / (1::bigint << 32)::float8)"
        lowest = f"width_bucket({random}, ARRAY[{', '.join(map(repr, fractions))}]::float8[])"
    else:
        extent = "greatest(xmax - xmin, ymax - ymin, 1e-12)"
        lowest = f"ln({SMALLEST / PIXELS} / {extent}) / ln(2)"
    return f"""
        SELECT *, least({zoom}, greatest(0, ceil({lowest})))::int AS min_zoom
        FROM (
            SELECT *, {_east("ST_XMin(g)")} AS xmin, {_east("ST_XMax(g)")} AS xmax,
                {_south("ST_YMax(g)")} AS ymin, {_south("ST_YMin(g)")} AS ymax,
                {_east("ST_X(position)")} AS from_west, {_south("ST_Y(position)")} AS from_north
            FROM (
                SELECT *, row_number() OVER (ORDER BY k) AS n, g IS NULL OR ST_IsEmpty(g) AS missing,
                    ST_Area(g) AS area, {_POSITION[layer.geometry_type]} AS position
                FROM (SELECT * FROM ({layer.sql}) AS rows OFFSET 0) AS rows
            ) AS numbered
            OFFSET 0
        ) AS placed
        OFFSET 0"""


def _east(x: str) -> str:
    return f"({x} / {WORLD} + 0.5)"


def _south(y: str) -> str:
    return f"(0.5 - {y} / {WORLD})"


def _tile(part: str, margin: float = 0) -> str:
    """The column or row of tiles in which a part of the world's width is, moved by a part of a tile."""
    return f"least((1 << z) - 1, greatest(0, floor({part} * (1 << z) + {margin})))::int"


def _cut_to_tile(layer: LayerPlan, geometry: str) -> str:
    if layer.geometry_type != "MultiLineString":
        return f"ST_AsMVTGeom({geometry}, ST_TileEnvelope(z, x, y), {GRID}, {_BUFFER}, TRUE)"
    # ST_AsMVTGeom leaves out where a line goes back the way that it came.
    side = f"({WORLD} / (1 << z))"
    clipped = f"ST_ClipByBox2D({geometry}, ST_TileEnvelope(z, x, y, margin => {_BUFFER / GRID}))"
    corner = f"{WORLD / 2} - x * {side}, y * {side} - {WORLD / 2}"
    placed = f"ST_TransScale(ST_CollectionExtract({clipped}, 2), {corner}, {GRID} / {side}, -{GRID} / {side})"
    rounded = f"ST_Simplify(ST_SnapToGrid({placed}, 1), 0.5, TRUE)"
    return f"(SELECT line FROM (VALUES ({rounded})) AS lines(line) WHERE NOT ST_IsEmpty(line))"


def _named(layer: LayerPlan) -> list[tuple[int, tuple[ColumnPlan, str]]]:
    return list(enumerate(zip(layer.columns, names(layer), strict=True)))


def _value(index: int, column: ColumnPlan) -> str:
    """As tiles can have it: dates are text there."""
    name = f"c{index}"
    if column.type == "real":
        return f"CASE WHEN {_is_number(name)} THEN {name} END"
    return {"date": f"{name}::text", "datetime": f"to_json({name}) #>> '{{}}'"}.get(column.type, name)


def _is_number(name: str) -> str:
    return f"(abs({name}) < 'Infinity')"  # NaN is greater than any number


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _cut(name: str, max_bytes: int) -> str:
    return name.encode()[:max_bytes].decode(errors="ignore")
