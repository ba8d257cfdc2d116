"""What a renderer is given and gives back."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path


def _nothing(rows: int) -> None:
    pass


@dataclass(frozen=True)
class RenderContext:
    """Where a renderer works. ``folder`` is its own; ``progress(cells)`` gets how many cells of tables (or as much
    of other things) were written since, and may raise to end the work; ``stop_with(kill)`` surrounds what only
    ``kill`` can end."""

    folder: Path
    progress: Callable[[int], None] = _nothing
    stop_with: Callable[[Callable[[], None]], AbstractContextManager[None]] = field(default=lambda kill: nullcontext())


@dataclass(frozen=True)
class Rendered:
    """The files, in order; ``pages`` where the format has any; ``notes``: what the format could not show."""

    paths: tuple[Path, ...]
    pages: int | None = None
    notes: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """The file of a document that is one."""
        (only,) = self.paths
        return only
