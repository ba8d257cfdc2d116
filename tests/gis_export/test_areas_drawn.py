"""Areas of coordinates: what is said of each shape, of its CRS, and of what was done to it, word for word."""

from __future__ import annotations

from typing import Any

import pytest
import shapely

from terrafusion.areas import AreaError
from tests.gis_export.test_areas import SQUARE, STATE_PLANE, bbox, parse, polygon

BOW = [[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]
IN_DEGREES = "is outside the world: positions are [longitude, latitude] in degrees."
SWAPPED = f"{IN_DEGREES} The axes may be in the wrong order."
FEET = [[1_180_000, 200_000], [1_180_100, 200_000], [1_180_100, 200_100], [1_180_000, 200_000]]


def collection(*rings: Any, **members: Any) -> dict[str, Any]:
    features = [{"type": "Feature", "geometry": polygon(ring)} for ring in rings]
    return {"type": "FeatureCollection", "features": features, **members}


def refused(area: Any, max_vertices: int = 1000) -> tuple[str, ...]:
    with pytest.raises(AreaError) as fault:
        parse(area, max_vertices)
    return fault.value.messages


@pytest.mark.parametrize(
    ("area", "message"),
    [
        (bbox(0, 0, 180.5, 1), f"(180.5, 1.0) {IN_DEGREES}"),
        (bbox(0, -90.5, 1, 1), f"(0.0, -90.5) {SWAPPED}"),
        (bbox(-200, 0, 1, 1), f"(-200.0, 0.0) {IN_DEGREES}"),
        (bbox(90, 91, 91, 180), f"(90.0, 91.0) {SWAPPED}"),
        (bbox(90, 0, 90.5, 180), f"(90.5, 180.0) {IN_DEGREES}"),
        (bbox(10, 0, 90, 180), f"(90.0, 180.0) {SWAPPED}"),
        (bbox(10, 0, 90, 180.5), f"(90.0, 180.5) {IN_DEGREES}"),
        (polygon([[0, 0], [200, 0], [200, 1], [0, 0]]), f"(200.0, 1.0) {IN_DEGREES}"),
        (polygon([[-95, 0], [9, 0], [9, 100], [-95, 0]]), f"(9.0, 100.0) {SWAPPED}"),
        (polygon([[-200, -100], [9, 0], [9, 1], [-200, -100]]), f"(-200.0, -100.0) {IN_DEGREES}"),
        (polygon(BOW), "The area is not a valid polygon: Self-intersection[1 1]."),
        ("POLYGON((0 0,nan nan,1 1,0 0))", "The area has coordinates that are not finite numbers."),
        ("POLYGON EMPTY", "The area is empty."),
        (polygon([[0, 0], [2e9, 0], [2e9, 1], [0, 0]], crs=STATE_PLANE), "The area lies outside of EPSG:2926."),
        (polygon([[0, -2e9], [2, 0], [2, 1], [0, -2e9]], crs=STATE_PLANE), "The area lies outside of EPSG:2926."),
        (polygon(BOW, crs=STATE_PLANE), "The area is not a valid polygon: Self-intersection[1 1]."),
    ],
)
def test_what_is_said_of_one_shape(area: Any, message: str) -> None:
    assert refused(area) == (message,)


def test_the_whole_world_is_an_area() -> None:
    assert parse(bbox(-180, -90, 180, 90)).geometry.bounds == (-180, -90, 180, 90)


def test_each_shape_has_its_fault() -> None:
    assert refused(collection(SQUARE, BOW, [[0, 0], [0, 91], [1, 91], [0, 0]])) == (
        "Feature 2: The area is not a valid polygon: Self-intersection[1 1].",
        f"Feature 3: (1.0, 91.0) {SWAPPED}",
    )
    for bad, more in ((20, ()), (21, ("And 1 more like these.",)), (1_025, ("And 1,005 more like these.",))):
        messages = refused(collection(*[BOW] * bad), 100_000)
        assert messages[20:] == more
        assert all(message.startswith(f"Feature {number}: ") for number, message in enumerate(messages[:20], 1))


def test_shapes_are_made_one() -> None:
    overlapping = [[x + 0.5, y] for x, y in SQUARE]
    area = parse(collection(SQUARE, overlapping))
    assert shapely.equals(area.geometry, shapely.box(-122, 47, -120.5, 48))
    assert (area.notes, area.vertices, area.is_plain) == (("The area is 2 shapes made one.",), 10, True)
    alone = parse(collection(SQUARE))
    assert (alone.notes, alone.vertices) == ((), 5)


def test_what_is_done_to_shapes_of_another_crs_is_said_once() -> None:
    moved = [[x + 50, y] for x, y in FEET]
    area = parse(collection(FEET, moved, crs=STATE_PLANE))
    assert area.notes == (
        f"The area was transformed from EPSG:{STATE_PLANE} to EPSG:4326.",
        "The area is 2 shapes made one.",
    )
    assert area.vertices == 8
    assert area.geometry.bounds == pytest.approx((-122.4, 47.2, -122.4, 47.2), abs=1)


@pytest.mark.parametrize(
    ("name", "srid"),
    [
        ("urn:ogc:def:crs:EPSG::2926", 2926),
        ("EPSG:2926", 2926),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", 4326),
        ("urn:ogc:def:crs:OGC::CRS84", 4326),
        ("urn:ogc:def:crs:EPSG::4326", 4326),
    ],
)
def test_the_crs_of_geojson_of_2008(name: str, srid: int) -> None:
    member = {"type": "name", "properties": {"name": name}}
    area = parse(polygon(FEET if srid == 2926 else SQUARE, crs=member))
    said = f"The crs {name} of GeoJSON 2008 was read as EPSG:{srid}, positions as [x, y]."
    moved = [f"The area was transformed from EPSG:{STATE_PLANE} to EPSG:4326."] if srid == 2926 else []
    assert area.notes == (said, *moved)
    assert -123 < area.geometry.bounds[0] < -121


@pytest.mark.parametrize(
    "member",
    [
        {},
        {"type": "name"},
        {"type": "name", "properties": "EPSG:2926"},
        {"type": "name", "properties": {}},
        {"type": "name", "properties": {"name": 2926}},
        {"type": "link", "properties": {"name": "EPSG:2926"}},
        {"properties": {"name": "EPSG:2926"}},
    ],
)
def test_other_crs_members(member: dict[str, Any]) -> None:
    (message,) = refused(polygon(SQUARE, crs=member))
    assert message == (
        'Of the "crs" members of GeoJSON 2008 only {"type": "name", "properties": {"name": '
        '"urn:ogc:def:crs:EPSG::2926"}} is understood; RFC 7946 has none. Give "crs": "EPSG:2926".'
    )


def test_a_crs_that_is_none_is_named() -> None:
    for given in ("EPSG:1", {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::1"}}):
        (message,) = refused(polygon(SQUARE, crs=given))
        assert "EPSG:1" in message


def test_as_many_vertices_as_are_allowed() -> None:
    assert parse(polygon(SQUARE), 5).vertices == 5
    assert refused(polygon(SQUARE), 4) == ("The area has 5 vertices, and at most 4 are allowed; simplify it.",)
    assert refused(collection(SQUARE, SQUARE), 9) == (
        "The area has 10 vertices, and at most 9 are allowed; simplify it.",
    )
