"""A few examples of what ``make fuzz`` does at length, and every input that it has ever found."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.parsers import PARSERS, SEEDS

FOUND: list[tuple[str, bytes]] = [
    ("wkt", b"GEOMETRYCOLLECTION(" * 40_000),  # GEOS read it by recursion, until the process ended
    ("load_values", bytes([7]) + b"0001-01-01T00:00:00+05:00\n9999-12-31T23:59:59-05:00"),  # no years in UTC
    ("load_values", bytes([0]) + b"NA\n\xff"),  # no UTF-8, looked at for values that mean unknown
    ("load_mapping", b'fields.sale_date = { column = "D", format = "%Y%Y" }'),  # a pattern with a group twice
    ("load_mapping", b'fields.land_value = { column = "V", scale = 1' + b"0" * 400 + b" }"),  # no float
    ("load_mapping", b"fields = " + b"[" * 5_000),  # tomllib reads it by recursion
]


@pytest.mark.parametrize(("name", "data"), FOUND, ids=[f"{name}-{number}" for number, (name, _) in enumerate(FOUND)])
def test_inputs_that_once_failed(name: str, data: bytes) -> None:
    PARSERS[name](data)


def test_each_parser_has_something_to_begin_with() -> None:
    assert SEEDS.keys() == PARSERS.keys()
    for name, seeds in SEEDS.items():
        for seed in seeds:
            PARSERS[name](seed)


@pytest.mark.parametrize("name", PARSERS)
@settings(max_examples=30)
@given(data=st.data())
def test_bytes_that_differ_from_sound_ones(name: str, data: st.DataObject) -> None:
    """A sound input with some bytes changed, left out or put twice."""
    seed = bytearray(data.draw(st.sampled_from(SEEDS[name])))
    changes = random.Random(data.draw(st.integers(0, 2**32)))
    for _ in range(data.draw(st.integers(0, 8))):
        place = changes.randrange(len(seed) + 1)
        length = changes.choice((1, 1, 2, 8))
        piece = changes.choice(
            (b"", bytes([changes.randrange(256)]), b"9" * 30, bytes(seed[place : place + length]) * 2)
        )
        seed[place : place + changes.choice((0, length))] = piece
    PARSERS[name](bytes(seed))
