"""Chunks worked on two at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from valuation.run.parallel import AT_ONCE, in_order


def test_two_at_a_time_in_their_order_read_as_needed() -> None:
    taken: list[int] = []
    together = threading.Barrier(AT_ONCE)
    here = threading.current_thread()

    def things() -> Iterator[int]:
        for number in range(6):
            assert threading.current_thread() is here
            taken.append(number)
            yield number

    def work(number: int) -> int:
        together.wait(60)  # passes only if as many are under way
        return number * number

    squares = []
    for square in in_order(work, things()):
        squares.append(square)
        assert len(taken) <= len(squares) + AT_ONCE
    assert squares == [0, 1, 4, 9, 16, 25]


def test_what_work_raises_comes_out_and_ends_the_rest() -> None:
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        if number == 1:
            raise ValueError("no second")
        return number

    results = in_order(work, range(1000))
    assert next(results) == 0
    with pytest.raises(ValueError, match="no second"):
        list(results)
    assert len(begun) < 10
