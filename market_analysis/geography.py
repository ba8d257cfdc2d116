"""The places that sales are grouped by: how SQL knows the place of a sale or parcel, and what the places look like."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from psycopg import sql

from market_analysis.errors import GeographyError
from terrafusion.records.errors import FieldRefused
from terrafusion.records.layers import LayerField, is_registered, named
from terrafusion.records.layers.reference import layer_of
from terrafusion.records.models import County, PropertyOperational, ReferenceFeature, ReferenceLayer
from terrafusion.records.sales.frame import POINTS, Place
from terrafusion.records.versions import source
from terrafusion.words import unknown

ATTRIBUTES = ("neighborhood", "zoning")
MIN_HEXAGON, MAX_HEXAGON = 50, 100_000  # meters
_HEXGRID = re.compile(r"hexgrid:([0-9]{1,9})")
_HULL_RATIO = 0.3  # 0 hugs the points, 1 is convex
_HULL_MARGIN = 30.0  # meters, so that no parcel's point lies on the line


# Polygons are the outer side of each join, so that PostGIS reads and prepares each of them once. A point on the line
# between two, or in two that overlap, belongs to the one that was loaded first.
_IN_LAYER = {
    "sales": sql.SQL(
        "LEFT JOIN (SELECT DISTINCT ON (id) id, place FROM ("
        "SELECT q.id, f.id AS feature, {key} AS place FROM records_referencefeature f "
        "JOIN records_sale q ON ST_Intersects(f.geometry, q.point) "
        "WHERE f.layer_id = {layer} AND q.county_id = {county} "
        "UNION ALL SELECT q.id, f.id, {key} FROM records_sale q "
        "JOIN records_propertyoperational r ON r.id = q.property_id "
        "JOIN records_referencefeature f ON ST_Intersects(f.geometry, r.point) "
        "WHERE f.layer_id = {layer} AND q.county_id = {county} AND q.point IS NULL"
        ") inside ORDER BY id, feature) found ON found.id = s.id"
    ),
    "parcels": sql.SQL(
        "LEFT JOIN (SELECT DISTINCT ON (q.id) q.id, {key} AS place FROM records_referencefeature f "
        "JOIN records_propertyoperational q ON ST_Intersects(f.geometry, q.point) "
        "WHERE f.layer_id = {layer} AND q.county_id = {county} ORDER BY q.id, f.id) found ON found.id = p.id"
    ),
}


@dataclass(frozen=True)
class Geography:
    """``place`` is in SQL the key of a sale's or parcel's place. ``shapes`` makes of keys SQL that gives (key,
    geometry), each a MultiPolygon in EPSG:4326; ``about`` says what the outlines are. ``sources`` are what of the
    reference layers it depends on, for ``versions.of``. ``personal``: its places are called by personal data."""

    text: str
    place: Place
    shapes: Callable[[list[str]], sql.Composable]
    about: str
    is_county: bool = False
    sources: tuple[str, ...] = ()
    personal: bool = False


def parse(text: str, county: County, *, personal: bool) -> Geography:
    """Of ``county``, ``neighborhood``, ``zoning``, a reference layer with polygons, one of its fields as
    ``layer.field``, or ``hexgrid:500``, with the side of the hexagons in meters. GeographyError for another, and for a
    field of personal data where whoever asks has no right to it (``personal``)."""
    if text == "county":
        return _by_parcels(text, sql.Literal(county.pk), county, is_county=True)
    if match := _HEXGRID.fullmatch(text):
        meters = int(match[1])
        if not MIN_HEXAGON <= meters <= MAX_HEXAGON:
            raise GeographyError(f"The side of a hexagon is {MIN_HEXAGON} to {MAX_HEXAGON} meters.")
        return _hexgrid(text, meters, county)
    if text in ATTRIBUTES and (text == "neighborhood" or _is_filled(text, county)):
        return _by_parcels(text, sql.Identifier("p", text), county)
    name, _, field = text.partition(".")
    layer = ReferenceLayer.objects.filter(county=county, name=name).first()
    if layer is None or is_registered(name):
        raise GeographyError(unknown("geography", text, available=known(county)))
    if layer.geometry_type != ReferenceLayer.GeometryType.POLYGON:
        raise GeographyError(f"The layer {name!r} has no polygons.")
    try:
        by = named.find(layer_of(layer), field, personal=personal) if field else None
    except FieldRefused as refused:
        raise GeographyError(str(refused)) from None
    return _by_layer(text, layer, by)


def known(county: County) -> list[str]:
    """What ``parse`` takes of the county; of a layer's fields and of hexagons one example."""
    layers = ReferenceLayer.objects.filter(county=county, geometry_type=ReferenceLayer.GeometryType.POLYGON)
    names = [name for name in layers.values_list("name", flat=True) if not is_registered(name)]
    attributes = [name for name in ATTRIBUTES if name == "neighborhood" or name in names or _is_filled(name, county)]
    fields = [f"{name}.<field>" for name in names]
    return [*dict.fromkeys(["county", *attributes, *names]), *fields, "hexgrid:<meters>"]


def _is_filled(attribute: str, county: County) -> bool:
    rows = PropertyOperational.objects.filter(county=county)
    return rows.exclude(**{attribute: ""}).exists()


def _by_parcels(text: str, expression: sql.Composable, county: County, *, is_county: bool = False) -> Geography:
    template = sql.SQL(
        "SELECT {place}::text AS key, ST_Multi(ST_Transform(ST_Buffer({hull}, {margin}, 2), 4326)) AS geometry "
        "FROM records_propertyoperational p WHERE p.county_id = {county} AND p.point IS NOT NULL "
        "AND {place}::text = ANY({keys}) GROUP BY 1"
    )

    # The concave hull of a whole county's parcels would take long and show no more.
    points = "ST_Collect(ST_Transform(p.point, {srid}))"
    hull = sql.SQL(f"ST_ConvexHull({points})" if is_county else f"ST_ConcaveHull({points}, {{ratio}})")

    def shapes(keys: list[str]) -> sql.Composable:
        return template.format(
            place=expression,
            hull=hull.format(srid=sql.Literal(county.state_plane_srid), ratio=sql.Literal(_HULL_RATIO)),
            margin=sql.Literal(_HULL_MARGIN / meters_per_unit(county)),
            county=sql.Literal(county.pk),
            keys=sql.Literal(keys),
        )

    about = "The hull of the points of its parcels, 30 m wider; neighbors may overlap."
    return Geography(text, Place(expression), shapes, about, is_county)


def _by_layer(text: str, layer: ReferenceLayer, field: LayerField | None) -> Geography:
    key: sql.Composable = sql.SQL("f.feature_key")
    if field:
        key = sql.SQL("f.attributes ->> {}").format(sql.Literal(field.name))
    shapes = sql.SQL(
        "SELECT {key} AS key, ST_Multi(ST_CollectionExtract(ST_Union(f.geometry), 3)) AS geometry "
        "FROM records_referencefeature f WHERE f.layer_id = {layer} AND {key} = ANY({keys}) GROUP BY 1"
    )
    here = {"key": key, "layer": sql.Literal(layer.pk)}
    return Geography(
        text,
        Place(sql.SQL("found.place"), lambda rows: _IN_LAYER[rows].format(county=sql.Literal(layer.county_id), **here)),
        lambda keys: shapes.format(keys=sql.Literal(keys), **here),
        f"As the layer {layer.name} has them.",
        sources=(source(ReferenceLayer, layer.pk), source(ReferenceFeature, layer.pk)),
        personal=field is not None and field.personal,
    )


def _hexgrid(text: str, meters: int, county: County) -> Geography:
    side, srid = sql.Literal(meters / meters_per_unit(county)), sql.Literal(county.state_plane_srid)
    join = sql.SQL(
        "LEFT JOIN LATERAL (SELECT h.i || ':' || h.j AS place FROM (SELECT ST_Transform({point}, {srid}) AS at) moved, "
        "LATERAL ST_HexagonGrid({side}, moved.at) h WHERE ST_Intersects(h.geom, moved.at) ORDER BY h.i, h.j LIMIT 1) "
        "found ON true"
    )
    shapes = sql.SQL(
        "SELECT key, ST_Multi(ST_Transform(ST_Hexagon({side}, split_part(key, ':', 1)::integer, "
        "split_part(key, ':', 2)::integer, ST_SetSRID(ST_MakePoint(0, 0), {srid})), 4326)) AS geometry "
        "FROM unnest({keys}::text[]) AS keys (key)"
    )
    grid = {"side": side, "srid": srid}
    return Geography(
        text,
        Place(sql.SQL("found.place"), lambda rows: join.format(point=POINTS[rows], **grid)),
        lambda keys: shapes.format(keys=sql.Literal(keys), **grid),
        f"Hexagons of {meters} m a side in EPSG:{county.state_plane_srid}, numbered by column and row.",
    )


def meters_per_unit(county: County) -> float:
    """Of the county's State Plane system, whose unit is the foot in most states."""
    import pyproj

    return float(pyproj.CRS.from_epsg(county.state_plane_srid).axis_info[0].unit_conversion_factor)
