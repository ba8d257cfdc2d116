"""Figures of frames as JSON values for sheets."""

from __future__ import annotations

from typing import Any

Shown = dict[int, Any]
"""By the parcel's key, what a sheet shows."""


def applies(value: object) -> bool:
    return value is not None and value != "" and value == value  # a NaN is not itself


def figure(value: object) -> object:
    if isinstance(value, float):
        return round(value, 2 if abs(value) < 1000 else 0)
    return value


def plain(value: object) -> float | str | None:
    """A whole number without its fraction, a text, or None."""
    if not applies(value):
        return None
    return (int(value) if value == int(value) else float(value)) if isinstance(value, int | float) else str(value)
