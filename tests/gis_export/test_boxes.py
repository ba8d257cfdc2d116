"""Boxes of a layer's geometries on their way to a spatial index: kept, read, and put in order."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from gis_export.formats import boxes as boxes_module
from gis_export.formats.boxes import Boxes, Levels, around
from tests.gis_export.test_spatial_index import Corners, random_boxes, sent


def filled(folder: Path, corners: Corners) -> Boxes:
    """In batches of 100, each a part of a longer column."""
    boxes = Boxes(folder)
    column = sent(corners)
    for first in range(0, len(column), 100):
        boxes.add(column[first : first + 100])
    return boxes


def test_boxes_come_back_as_they_came(tmp_path: Path) -> None:
    corners = random_boxes(250, missing=0.3)
    corners[100:200] = np.nan  # a batch without any
    with filled(tmp_path, corners) as boxes:
        for _ in range(2):
            parts = list(boxes.read(60))
            assert [len(part) for part in parts] == [60, 60, 60, 60, 10]
            np.testing.assert_array_equal(np.concatenate(parts), corners)
        assert (boxes.count, boxes.present) == (250, np.isfinite(corners[:, 0]).sum())
        boxes.add(pa.array([], pa.binary()))
        assert boxes.count == 250


def test_a_box_without_end_is_in_no_index(tmp_path: Path) -> None:
    corners = random_boxes(5)
    corners[2, 2] = np.inf
    with filled(tmp_path, corners) as boxes:
        assert (boxes.count, boxes.present) == (5, 4)
        ((numbers, tiled),) = boxes.tiled(16)
    assert sorted(numbers) == [0, 1, 3, 4]
    np.testing.assert_array_equal(tiled, corners[numbers])


def test_the_file_lies_where_it_is_put_and_goes_when_it_is_left(tmp_path: Path) -> None:
    def opened() -> int:
        places = Path("/proc/self/fd").iterdir()
        return sum(place.is_symlink() and place.readlink().is_relative_to(tmp_path) for place in places)

    with Boxes(tmp_path):
        assert opened() == 1
    assert opened() == 0


def the_long_way(corners: Corners, leaf: int) -> list[int]:
    """By the definition: 65,536 columns from the westernmost to the easternmost edge; a strip is of the columns that
    begin in it, of as many boxes as make as many leaves as there are strips; strips go north and south in turn."""
    present = [number for number, box in enumerate(corners) if np.isfinite(box).all()]
    west, east = corners[present, 0].min(), corners[present, 2].max()

    def column(number: int) -> int:
        return int((corners[number, [0, 2]].sum() / 2 - west) / (east - west) * 65_535)

    size = max(leaf, int((len(present) * leaf) ** 0.5))
    order: list[int] = []
    before = 0
    strips: dict[int, list[int]] = {}
    for _, group in groupby(sorted(present, key=column), column):
        members = list(group)
        strips.setdefault(before // size, []).extend(members)
        before += len(members)
    for strip, members in strips.items():
        order += sorted(members, key=lambda number: corners[number, [1, 3]].sum(), reverse=bool(strip % 2))
    return order


@pytest.mark.parametrize("at_once", [1, 90, 1 << 17])
@pytest.mark.parametrize(("count", "leaf"), [(1, 16), (17, 16), (250, 4), (900, 16)])
def test_boxes_that_lie_close_come_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, leaf: int, at_once: int
) -> None:
    monkeypatch.setattr(boxes_module, "_AT_ONCE", at_once)
    corners = random_boxes(count, seed=count, missing=0.1 if count > 1 else 0.0)
    with filled(tmp_path, corners) as boxes:
        parts = list(boxes.tiled(leaf))
    numbers = np.concatenate([part[0] for part in parts])
    assert numbers.tolist() == the_long_way(corners, leaf)
    np.testing.assert_array_equal(np.concatenate([part[1] for part in parts]), corners[numbers])
    assert all(len(part[0]) % leaf == 0 for part in parts[:-1])
    assert len(parts) > 1 or at_once > count or count < 2 * leaf


def test_a_point_on_the_eastern_edge_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a strip alone, and its neighbor in the column before it ends the one before."""
    monkeypatch.setattr(boxes_module, "_AT_ONCE", 1)
    x = np.array([*np.linspace(0, 0.9, 15), 65_534.5 / 65_535, 1.0])
    with filled(tmp_path, np.column_stack([x, x, x, x])) as boxes:
        numbers = np.concatenate([part[0] for part in boxes.tiled(4)])
    assert sorted(numbers) == list(range(17))


def test_boxes_above_each_other_go_northwards(tmp_path: Path) -> None:
    """They are one strip, though more than one is of its size: from west to east they are all in one place."""
    south = np.random.default_rng(1).permutation(np.arange(50.0))
    corners = np.column_stack([np.zeros(50), south, np.zeros(50), south + 1])
    with filled(tmp_path, corners) as boxes:
        numbers = np.concatenate([part[0] for part in boxes.tiled(4)])
    assert south[numbers].tolist() == list(range(50))


@pytest.mark.parametrize(
    ("leaves", "counts", "first"),
    [(1, (1, 1), (1, 0)), (16, (16, 1), (1, 0)), (17, (17, 2, 1), (3, 1, 0)), (257, (257, 17, 2, 1), (20, 3, 1, 0))],
)
def test_levels_of_a_packed_tree(leaves: int, counts: tuple[int, ...], first: tuple[int, ...]) -> None:
    assert Levels.of(leaves, 16) == Levels(counts, first)


def test_boxes_round_boxes() -> None:
    nothing = [np.nan] * 4
    boxes = np.array([[0, 5, 1, 9], [-3, 6, 0, 7], nothing, [2, 2, 3, 3], [4, 4, 5, 5.0]])
    assert around(boxes, 2).tolist() == [[-3, 5, 1, 9], [2, 2, 3, 3], [4, 4, 5, 5]]
