"""What a fault is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.chaos.crowd import Crowd
from benchmarks.chaos.sites import Site


@dataclass(frozen=True)
class Fault:
    """``strike`` submits jobs, does the damage and repairs it. Jobs ``may_fail`` with these codes, which say what the
    fault was; ``kind`` is that of the site (sites.running)."""

    name: str
    strike: Callable[[Site, Crowd], None]
    kind: str = "local"
    may_fail: frozenset[str] = frozenset()
    tries: int | None = None
