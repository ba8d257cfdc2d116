"""What a county has set by class: under a class's name, or under its beginning and a star. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

ALL = "*"
_Given = TypeVar("_Given")


def set_for(given: Mapping[str, _Given], name: str) -> _Given | None:
    """What is given for the class of that name: under the name itself, else under the longest beginning that fits."""
    if name in given:
        return given[name]
    starts = [key[:-1] for key in given if key.endswith(ALL) and name.startswith(key[:-1])]
    return given[max(starts, key=len) + ALL] if starts else None


def name_fault(name: str) -> str:
    """What is wrong with the name; empty where it can stand for classes."""
    if not name or ALL in name[:-1]:
        return f"{name!r} is no class: give its name, or its beginning with one star at the end."
    return ""
