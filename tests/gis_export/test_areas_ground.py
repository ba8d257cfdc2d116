"""Distances on the ground, against geodesics that pyproj computes, which the code under test does not use."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import Geod

from terrafusion.areas import AreaError
from terrafusion.areas.distance import around

GEOD = Geod(ellps="WGS84")
BOUND, MINIMUM = 0.0005, 0.01
"""What docs/user/areas.md states: within 0.05% of the distance, or 1 cm where that is more."""


def distance(lon: float, lat: float, ring: Any) -> float:
    """Metres from a point to a ring, whose edges are straight in longitude and latitude."""
    positions = shapely.get_coordinates(shapely.segmentize(ring, ring.length / 400))
    positions = np.vstack([positions[-2], positions, positions[1]])  # so that each vertex has two neighbors
    for _ in range(3):
        here = np.full((len(positions), 2), (lon, lat))
        meters = GEOD.inv(here[:, 0], here[:, 1], positions[:, 0], positions[:, 1])[2]
        nearest = 1 + int(np.argmin(meters[1:-1]))
        before, near, after = positions[nearest - 1 : nearest + 2]
        steps = np.linspace(0, 1, 60)[:, None]
        positions = np.vstack([before + (near - before) * steps, near + (after - near) * steps[1:]])
    return float(meters.min())


@settings(max_examples=40, deadline=None)
@given(
    latitude=st.floats(-80, 80),
    longitude=st.floats(-180, 179.999),
    side=st.sampled_from([10.0, 60.0, 1000.0, 50_000.0]),
    meters=st.sampled_from([3.048, 91.44, 300.0, 1609.344, 50_000.0]),
)
@example(latitude=80.0, longitude=0.0, side=60.0, meters=3.048)
@example(latitude=80.0, longitude=10.0, side=50_000.0, meters=91.44)
@example(latitude=-70.0, longitude=179.0, side=50_000.0, meters=3.048)
@example(latitude=0.0, longitude=179.999, side=60.0, meters=1609.344)
@example(latitude=-80.0, longitude=-180.0, side=1000.0, meters=50_000.0)
def test_the_edge_of_what_is_round_a_square(latitude: float, longitude: float, side: float, meters: float) -> None:
    height = side / 111_320
    width = min(height / math.cos(math.radians(latitude)), 180 - longitude)
    square = shapely.box(longitude, latitude - height / 2, longitude + width, latitude + height / 2)
    reach = around(square, meters)
    assert reach.is_valid
    assert shapely.difference(square, reach).area < 1e-12 * square.area
    rings = [part.exterior for part in shapely.get_parts(reach)]
    corners = np.vstack([shapely.get_coordinates(ring) for ring in rings])
    for lon, lat in corners[:: max(1, len(corners) // 40)]:
        if abs(lon) > 179.9999999:
            continue  # the seam where the area was split
        measured = distance(lon, lat, square.exterior)
        assert abs(measured - meters) < max(meters * BOUND, MINIMUM)


def test_large_and_scattered_shapes_are_measured_piece_by_piece() -> None:
    """In one projection, or in the one that ST_Buffer takes for a geography, these would be far off."""
    long = shapely.box(-100, 40, -92, 40.5)
    scattered = shapely.MultiPolygon([shapely.box(-120, 47, -119.999, 47.001), shapely.box(-70, 30, -69.999, 30.001)])
    for shape in (long, scattered):
        reach = around(shape, 1000)
        for part in shapely.get_parts(reach):
            corners = shapely.get_coordinates(part.exterior)
            for lon, lat in corners[:: max(1, len(corners) // 25)]:
                measured = min(distance(lon, lat, inner.exterior) for inner in shapely.get_parts(shape))
                assert abs(measured - 1000) < 1000 * BOUND


def test_across_the_antimeridian() -> None:
    reach = around(shapely.box(179.999, 51, 180, 51.001), 500)
    west, east = sorted(shapely.get_parts(reach), key=lambda part: part.bounds[0])
    assert west.bounds[0] == -180
    assert east.bounds[2] == 180
    assert west.bounds[2] == pytest.approx(-179.99288, abs=1e-5)


@pytest.mark.parametrize("latitude", [89.9, -89.9])
def test_over_a_pole(latitude: float) -> None:
    with pytest.raises(AreaError, match="round a pole"):
        around(shapely.box(0, latitude, 1, latitude + 0.01), 50_000)


def test_too_large_to_be_measured_from() -> None:
    with pytest.raises(AreaError, match="too large"):
        around(shapely.box(-180, -60, 180, 60), 1)
