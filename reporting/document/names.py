"""How groups are called, and in which order they stand."""

from __future__ import annotations

import re

UNNAMED = "(none)"
"""How a group is called whose parcels say nothing."""


def named(value: object) -> str:
    return str(value) if value not in (None, "") else UNNAMED


def natural(text: str) -> list[tuple[int, int, str]]:
    """A key that sorts 8 before 77, and words after numbers."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.findall(r"\d+|\D+", text)]
