"""Areas of interest: what is taken, what is refused and with which words."""

from __future__ import annotations

import json
import math
from typing import Any

import pyproj
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from terrafusion import areas
from terrafusion.areas import Area, AreaError
from terrafusion.records.models import County

SQUARE = [[-122.0, 47.0], [-121.0, 47.0], [-121.0, 48.0], [-122.0, 48.0], [-122.0, 47.0]]
STATE_PLANE = 2926
COUNTY = County(id="COUNTY01", state_plane_srid=STATE_PLANE)


def parse(area: Any, max_vertices: int = 1000) -> Area:
    return areas.parse(area, COUNTY, max_vertices, None)


def bbox(*coordinates: Any, **members: Any) -> dict[str, Any]:
    return {"type": "bbox", "coordinates": list(coordinates), **members}


def polygon(*rings: Any, **members: Any) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings), **members}


@pytest.mark.parametrize(
    "given_area",
    [
        bbox(-122, 47, -121, 48),
        polygon(SQUARE),
        polygon(SQUARE[::-1]),  # the winding is not a fault
        {"type": "polygon", "coordinates": [SQUARE]},
        {"type": "MultiPolygon", "coordinates": [[SQUARE]]},
        {"type": "wkt", "wkt": "POLYGON((-122 47,-121 47,-121 48,-122 48,-122 47))"},
        "MULTIPOLYGON (((-122 47, -121 47, -121 48, -122 48, -122 47)))",
        bbox(-122, 47, -121, 48, crs="EPSG:4326"),
        bbox(-122, 47, -121, 48, crs=4326),
    ],
)
def test_one_square_said_in_many_ways(given_area: Any) -> None:
    area = parse(given_area)
    assert shapely.equals(area.geometry, shapely.box(-122, 47, -121, 48))
    assert area.notes == ()


def test_holes_and_parts_stay() -> None:
    hole = [[-121.6, 47.4], [-121.4, 47.4], [-121.4, 47.6], [-121.6, 47.4]]
    assert len(parse(polygon(SQUARE, hole)).geometry.interiors) == 1
    other = [[x + 10, y] for x, y in SQUARE]
    assert len(parse({"type": "MultiPolygon", "coordinates": [[SQUARE, hole], [other]]}).geometry.geoms) == 2


def test_degrees_of_another_datum_and_grads() -> None:
    assert parse(bbox(-122, 47, -121, 48, crs=4269)).geometry.bounds == pytest.approx((-122, 47, -121, 48), abs=1e-4)
    paris = parse(bbox(0, 54, 0.1, 54.1, crs=4807)).geometry.bounds  # 54 grads, from the meridian of Paris
    assert paris == pytest.approx((2.3367, 48.6, 2.4267, 48.69), abs=1e-3)
    assert parse(bbox(185, 50, 186, 51, crs=4807)).geometry.bounds[0] == pytest.approx(168.8, abs=0.1)


def test_bbox_across_the_antimeridian_is_split_and_said_so() -> None:
    area = parse(bbox(170, -10, -175, 10))
    assert [part.bounds for part in area.geometry.geoms] == [(170, -10, 180, 10), (-180, -10, -175, 10)]
    assert "antimeridian" in area.notes[0]
    assert [part.bounds for part in parse(bbox(180, -10, -175, 10)).geometry.geoms] == [(-180, -10, -175, 10)]


@pytest.mark.parametrize("crs", [4326, 4269])
def test_edges_from_one_side_of_the_antimeridian_to_the_other(crs: int) -> None:
    ring = [[179, 51], [-179, 51], [-179, 52], [179, 52], [179, 51]]
    bow = [[-178, 51], [179, 51], [-179, 51.5], [178, 52], [-178, 52], [-178, 51]]  # as it is written it crosses itself
    for given_area, east in ((polygon(ring, crs=crs), -179), (polygon(bow, crs=crs), -178)):
        area = parse(given_area)
        western, eastern = (shapely.box(*bounds) for bounds in ((0, 0, 180, 90), (-180, 0, 0, 90)))
        assert shapely.intersection(area.geometry, western).bounds[2] == pytest.approx(180, abs=1e-4)
        assert shapely.intersection(area.geometry, eastern).bounds[::2] == pytest.approx((-180, east), abs=1e-4)
        assert area.geometry.area < 4
        assert "across the antimeridian" in " ".join(area.notes)
    world = parse(polygon([[-180, -80], [180, -80], [180, 80], [-180, 80], [-180, -80]], crs=4326))
    assert (world.geometry.bounds, world.notes) == ((-180, -80, 180, 80), ())
    with pytest.raises(AreaError, match="goes round a pole"):
        parse(polygon([[-170, 60], [0, 60], [170, 60], [-170, 60]]))


def test_area_in_another_crs_is_transformed_and_said_so() -> None:
    area = parse(bbox(1_180_000, 200_000, 1_280_000, 300_000, crs=f"epsg:{STATE_PLANE}"))
    assert area.notes == (
        f"The area was transformed from EPSG:{STATE_PLANE} to EPSG:4326.",
        "Its long edges, which are curves there, have 150 vertices more.",
    )
    forward = pyproj.Transformer.from_crs(4326, STATE_PLANE, always_xy=True)
    back = shapely.transform(area.geometry, lambda p: list(zip(*forward.transform(p[:, 0], p[:, 1]), strict=True)))
    assert back.bounds == pytest.approx((1_180_000, 200_000, 1_280_000, 300_000), abs=0.01)
    # Its edges follow the curves that they are: the middle of the southern one is still on the border.
    middle = shapely.Point(*forward.transform(1_230_000, 200_000, direction="INVERSE"))
    assert area.geometry.boundary.distance(middle) < 1e-6


def test_area_in_another_crs_across_the_antimeridian_is_split() -> None:
    x, y = pyproj.Transformer.from_crs(4326, 3338, always_xy=True).transform(180, 52)
    area = parse(bbox(x - 50_000, y - 50_000, x + 50_000, y + 50_000, crs=3338))
    assert sorted((part.bounds[0] > 0, part.bounds[2] - part.bounds[0] < 1) for part in area.geometry.geoms) == [
        (False, True),
        (True, True),
    ]
    assert "antimeridian" in area.notes[-1]
    with pytest.raises(AreaError, match="round a pole"):
        parse(bbox(-1e6, -1e6, 1e6, 1e6, crs=3413))
    world = parse(bbox(-20_037_508, -5e6, 20_037_508, 5e6, crs=3857)).geometry  # wide, and crosses nothing
    assert world.bounds == pytest.approx((-180, -40.91627, 180, 40.91627), abs=1e-4)


FAULTS = [
    (polygon([[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]), "Self-intersection[1 1]"),
    ("POLYGON((0 0,2 2,2 0,0 2,0 0))", "Self-intersection[1 1]"),
    (polygon(SQUARE, [[0, 0], [1, 0], [1, 1], [0, 0]]), "Hole lies outside shell[0 0]"),
    (bbox(46.0, -120.5, 46.5, -120.0), "axes may be in the wrong order"),
    (polygon([[47, -122], [48, -122], [48, -121], [47, -122]]), "axes may be in the wrong order"),
    (bbox(46.0, -120.5, 46.5, -120.0, crs="EPSG:4269"), "axes may be in the wrong order"),
    (polygon([[47, -122], [48, -122], [48, -121], [47, -122]], crs=4269), "axes may be in the wrong order"),
    (bbox(0, 91, 1, 92, crs=4269), "outside the world"),
    (bbox(0, 0, 181, 1), "outside the world"),
    (bbox(0, 0, 1, 91), "outside the world"),
    (bbox(1180000, 200000, 1280000, 300000), "outside the world"),
    (bbox(1, 2, 3), "four numbers"),
    (bbox(1, 2, 3, 4, 5), "four numbers"),
    (bbox(1, 2, 3, "4"), "four numbers"),
    (bbox(1, 2, 3, True), "four numbers"),
    (bbox(1, 2, 3, None), "four numbers"),
    (bbox(1, 2, 3, math.nan), "four numbers"),
    (bbox(1, 2, 3, math.inf), "four numbers"),
    (bbox(1, 2, 3, 10**400), "four numbers"),
    (bbox(1, 2, 1, 3), "empty"),
    (bbox(1, 3, 2, 3), "empty"),
    (bbox(1, 4, 2, 3), "empty"),
    (bbox(180, 0, -180, 1), "empty"),
    (bbox(5, 0, 1, 1, crs=STATE_PLANE), "empty"),
    (bbox(1, 2, 3, 4, wkt="POLYGON EMPTY"), "Unknown key 'wkt'. Available: type, coordinates, crs."),
    (bbox(1, 2, 3, 4, name="x"), "Unknown key 'name'"),
    (bbox(1, 2, 3, 4, crs="EPSG:999999"), "not a geographic or projected CRS"),
    (bbox(1, 2, 3, 4, crs="EPSG:4979"), "not a geographic or projected CRS"),  # three-dimensional
    (bbox(1, 2, 3, 4, crs="WGS 84"), "is not a CRS"),
    (bbox(1, 2, 3, 4, crs=[4326]), "is not a CRS"),
    (bbox(1, 2, 3, 4, crs=True), "is not a CRS"),
    (bbox(1, 2, 3, 4, crs=10**400), "is not a CRS"),
    (bbox(1, 2, 3, 4, crs=2298), "cannot be transformed"),
    (bbox(0, 91, 1, 92, crs=27200), "no valid image"),
    (bbox(0, 0, 1e300, 1e300, crs=STATE_PLANE), "outside of EPSG:2926"),
    (polygon(), "empty"),
    (polygon([]), "at least four positions"),
    (polygon("abc"), "ring is a list"),
    (polygon([*SQUARE[:4]]), "its last is its first"),
    (polygon([[0, 0], [1, 1], [0, 0]]), "at least four positions"),
    (polygon([[0, 0], [1, 1], [2, 2], [0, 0]]), "not a valid polygon"),  # encloses nothing
    (polygon([[0, 0, 9], [1, 0, 9], [1, 1, 9], [0, 0, 9]]), "has 3"),
    (polygon([[0, 0], [1, 0], [1, "1"], [0, 0]]), "finite numbers"),
    (polygon([[0, 0], [1, 0], [1, math.nan], [0, 0]]), "finite numbers"),
    (polygon([[0, 0], [1, 0], [1, 10**400], [0, 0]]), "finite numbers"),
    (polygon([[0, 0], [1, 0], [1], [0, 0]]), "finite numbers"),
    ({"type": "Polygon"}, "empty"),
    ({"type": "Polygon", "coordinates": {"a": 1}}, "empty"),
    ({"type": "MultiPolygon", "coordinates": [SQUARE]}, "finite numbers"),
    ({"type": "MultiPolygon", "coordinates": [[]]}, "part without rings"),
    ({"type": "Point", "coordinates": [1, 2]}, "Available: bbox, Polygon, MultiPolygon, Feature"),
    ({"type": None}, "Available: bbox, Polygon, MultiPolygon, Feature"),
    ({}, "Available: bbox, Polygon, MultiPolygon, Feature"),
    ([1, 2, 3, 4], "Give an object"),
    (True, "Give an object"),
    (5, "Give an object"),
    ("", "must be a POLYGON or MULTIPOLYGON, not ''"),
    (" POLYGONZ((0 0 1,1 0 1,1 1 1,0 0 1))", "third dimension"),
    ("POLYGON((0 0", "cannot be read"),
    ("POLYGON((0 0,1 0,1 1))", "cannot be read"),
    ("POLYGON EMPTY", "empty"),
    ("POINT(1 2)", "must be a POLYGON or MULTIPOLYGON, not 'POINT'"),
    ("CURVEPOLYGON((0 0,1 0,1 1,0 0))", "curves are not supported"),
    ("POLYGON Z((0 0 1,1 0 1,1 1 1,0 0 1))", "third dimension"),
    ("POLYGON M((0 0 1,1 0 1,1 1 1,0 0 1))", "third dimension"),
    ("POLYGON((0 0,nan nan,1 1,0 0))", "not finite"),
    ("POLYGON((0 0,1e400 0,1 1,0 0))", "not finite"),
    ({"type": "wkt"}, 'as "wkt"'),
    ({"type": "wkt", "wkt": ["POLYGON EMPTY"]}, 'as "wkt"'),
    ({"type": "wkt", "wkt": "POLYGON((0 0,1 0,1 1,0 0))", "coordinates": []}, "Unknown key 'coordinates'"),
]


@pytest.mark.parametrize(("given_area", "words"), FAULTS, ids=[str(i) for i in range(len(FAULTS))])
def test_faults_are_reported(given_area: Any, words: str) -> None:
    with pytest.raises(AreaError) as refused:
        parse(given_area)
    assert words in str(refused.value)
    assert len(str(refused.value)) < 300


def test_most_vertices() -> None:
    turns = [2 * math.pi * i / 100_000 for i in range(100_000)]
    circle = shapely.Polygon([(math.cos(turn), math.sin(turn)) for turn in turns])
    with pytest.raises(AreaError, match="100,001 vertices, and at most 20,000"):
        parse(circle.wkt, 20_000)
    with pytest.raises(AreaError, match="100,001 vertices"):
        parse(json.loads(shapely.to_geojson(circle)), 20_000)
    assert parse(circle.wkt, 100_001)


@pytest.mark.parametrize(
    "word", ["GEOMETRYCOLLECTION", "MultiSurface", "curvepolygon", "COMPOUNDCURVE", "MULTICURVE", "MULTIPOLYGON", ""]
)
def test_wkt_nested_too_deep_for_who_reads_it(word: str) -> None:
    """GEOS ends the process at some 30,000 shapes within each other; a body has room for more."""
    with pytest.raises(AreaError):
        parse(f"{word}(" * 100_000)


@pytest.mark.parametrize("depth", [100, 900])
def test_nested_as_deep_as_a_parser_allows(depth: int) -> None:
    nested: Any = 1
    for _ in range(depth):
        nested = [nested]
    for area in (nested, {"type": nested}, bbox(nested), polygon([nested]), {**bbox(1, 2, 3, 4), "crs": nested}):
        with pytest.raises(AreaError):
            parse(area)


NUMBERS = st.one_of(
    st.floats(-200, 200),
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-(10**400), 10**400),
    st.integers(-180, 180),
)
JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=20,
)
RINGS = st.lists(st.lists(NUMBERS, min_size=2, max_size=3), max_size=6).map(lambda ring: [*ring, *ring[:1]])
CRS = st.sampled_from([None, 4326, "EPSG:2926", 3857, 2249, 32610, 2298, 27200, "4269", 999999])
TYPES = st.sampled_from(["bbox", "Polygon", "MultiPolygon", "wkt", "WKT", "POLYGON"])
WKT = st.text(alphabet="POLYGNMUTI ()0123456789.,-eEZ", max_size=60)
AREAS = st.one_of(
    JUNK,
    WKT,
    st.builds(lambda c, s: {"type": "bbox", "coordinates": c, "crs": s}, st.lists(NUMBERS, max_size=5), CRS),
    st.builds(lambda c, s: {"type": "Polygon", "coordinates": c, "crs": s}, st.lists(RINGS, max_size=3), CRS),
    st.builds(lambda c: {"type": "MultiPolygon", "coordinates": c}, st.lists(st.lists(RINGS, max_size=2), max_size=3)),
    st.builds(lambda kind, c, w: {"type": kind, "coordinates": c, "wkt": w}, TYPES, JUNK, st.one_of(WKT, JUNK)),
)


@given(AREAS)
def test_any_json_is_an_area_or_a_fault(given_area: Any) -> None:
    try:
        area = parse(given_area)
    except AreaError as refused:
        assert str(refused)  # noqa: PT017 - a refusal is one of the two right answers
        return
    assert area.geometry.geom_type in ("Polygon", "MultiPolygon")
    assert area.geometry.is_valid
    assert area.geometry.area > 0
    west, south, east, north = area.geometry.bounds
    assert -180 <= west < east <= 180
    assert -90 <= south < north <= 90
