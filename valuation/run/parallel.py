"""Work on several things at a time, with the results in the order of the things."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

AT_ONCE = 2


def in_order(work: Callable[[Given], Made], things: Iterable[Given]) -> Iterator[Made]:
    """``work`` of each thing, ``AT_ONCE`` of them in threads of their own; at most one more waits finished.

    ``things`` are iterated in the caller's thread, so they may come from its transaction; ``work`` must not touch the
    database. It is worth it for work that leaves Python's lock, as trees and neighbors do. What it raises comes out.
    """
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="parallel")
    under_way: deque[Future[Made]] = deque()
    try:
        for thing in things:
            under_way.append(pool.submit(work, thing))
            if len(under_way) > AT_ONCE:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
