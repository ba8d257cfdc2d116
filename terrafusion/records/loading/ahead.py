"""Two processors for one load: the next batch is read while the last one is checked and sent."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def ahead(items: Generator[Item]) -> Iterator[Item]:
    """The items, each made while the one before is in use. They are all made, and ``items`` is closed, in one thread,
    which SQLite asks for. What they raise is raised where its item would have come."""
    with ThreadPoolExecutor(1, "load-reader") as thread:
        try:
            following = thread.submit(next, items, None)
            while (item := following.result()) is not None:
                following = thread.submit(next, items, None)
                yield item
        finally:
            thread.submit(items.close).result()
