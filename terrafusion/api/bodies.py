"""How much the body of a request may hold, for every plugin.

Bytes alone do not bound what a request costs: three megabytes can be 200,000 unknown keys, each with a sentence about
it, or lists within lists that take fifty times their length in memory.
"""

from __future__ import annotations

import json
from typing import Any

from terrafusion.api.errors import BodyTooComplex
from terrafusion.words import counted

MAX_MEMBERS = 1_000
"""Of one object."""
MAX_ITEMS = 50_000
"""Of one list of texts or objects: as many parcels may be named one by one. Numbers and positions are limited by
``MAX_LISTS`` and by what reads them, such as a county's ``max_area_vertices``."""
MAX_VALUES = 200_000
"""Texts, objects and lists of them, at all depths together."""
MAX_DEPTH = 32
"""Objects and lists within each other; conditions in a schedule's request go to some 20."""

# Before anything is parsed, by the characters that begin or part them.
MAX_OBJECTS = 100_000
MAX_LISTS = 600_000
"""A position of a shape is a list: ten megabytes have room for 500,000 of seven digits each."""
MAX_COMMAS = 1_500_000
_MARKS = (("{", MAX_OBJECTS, "object"), ("[", MAX_LISTS, "list"), (",", MAX_COMMAS, "comma"))


def scan(text: str | bytes) -> None:
    """Raises BodyTooComplex for text that would take too much memory once it is parsed."""
    for mark, maximum, noun in _MARKS:
        count = text.count(mark) if isinstance(text, str) else text.count(mark.encode())
        if count > maximum:
            raise BodyTooComplex(f"The body has {counted(count, noun)}, and at most {maximum:,} are allowed.")


def check(data: object) -> None:
    """Raises BodyTooComplex where a parsed body is too deep, or has too many members, items, or values."""
    waiting, depth, values = [data], 0, 0
    while waiting:  # one level of nesting after another
        depth += 1
        if depth > MAX_DEPTH:
            raise BodyTooComplex(f"The body is nested more than {MAX_DEPTH} deep.")
        level, waiting = waiting, []
        for item in level:
            inner = _inner(item)
            values += len(inner)
            waiting += [value for value in inner if isinstance(value, dict | list)]
        if values > MAX_VALUES:
            raise BodyTooComplex(f"The body has more than {MAX_VALUES:,} values.")


def _inner(item: object) -> list[Any]:
    """What of an object or a list counts as a value: all but numbers, and positions, which hold nothing else."""
    if isinstance(item, dict):
        if len(item) > MAX_MEMBERS:
            raise BodyTooComplex(
                f"An object has {counted(len(item), 'member')}, and at most {MAX_MEMBERS:,} are allowed."
            )
        return list(item.values())
    if not isinstance(item, list):
        return []
    inner = [value for value in item if not isinstance(value, float | int) and not _is_position(value)]
    if len(inner) > MAX_ITEMS:
        raise BodyTooComplex(f"A list has {counted(len(inner), 'item')}, and at most {MAX_ITEMS:,} are allowed.")
    return inner


def _is_position(value: object) -> bool:
    return isinstance(value, list) and len(value) in (2, 3) and all(isinstance(number, float | int) for number in value)


def loads(text: str) -> object:
    """JSON that came as a text of a form. Raises ValueError for what is not JSON, BodyTooComplex for too much."""
    scan(text)
    try:
        data = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    check(data)
    return data
