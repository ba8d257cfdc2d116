"""Warnings that come with a value, and reasons why there is none, in words."""

from __future__ import annotations

from collections.abc import Iterable

from valuation.frames import MEANINGS

OWN = {
    "example_schedule": "A figure rests on a table that is an example, not the county's own.",
    "land_above_total": "The land table gives more than the whole is worth; the parts are those of the cost approach.",
}
"""Of the runs themselves; those of the methods are in ``valuation.frames``."""


def meaning(code: str) -> str:
    """What a flag says; the code itself for one of an earlier version."""
    return OWN.get(code) or MEANINGS.get(code) or code


def told(codes: Iterable[str]) -> list[dict[str, str]]:
    return [{"code": code, "meaning": meaning(code)} for code in codes]
