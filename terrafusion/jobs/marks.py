"""The mark of a worker at work: while it performs a job, its process has the name ``job`` and the job's first digits.

A starved worker writes no heartbeat and may lose its claim while it is still at work. Its name says so without the
database, to ``ps`` as well as to the supervisor. The kernel keeps it in /proc; without that, nothing is marked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")
_OWN_NAME = _PROC / "self" / "comm"
_MARK = "job "
_NOT_AT_WORK = "ZXT"
"""States of processes that have ended, or that somebody has stopped."""


class _Process(NamedTuple):
    name: str
    state: str
    parent: int
    group: int

    @property
    def is_marked(self) -> bool:
        return self.name.startswith(_MARK) and self.state not in _NOT_AT_WORK


@contextmanager
def at_work(job_id: str) -> Iterator[None]:
    """Mark this process; it has its own name again at the end. The kernel keeps 15 characters."""
    before = ""
    with suppress(OSError):
        before = _OWN_NAME.read_text().rstrip("\n")
        _OWN_NAME.write_text(f"{_MARK}{job_id[:8]}")
    try:
        yield
    finally:
        with suppress(OSError):
            _OWN_NAME.write_text(before)


def workers(group: int) -> dict[int, str]:
    """The marks of the workers at work in a process group, by process id.

    What a worker forks has its name too: so only those count whose parent is of the group and not marked.
    """
    processes = {pid: process for pid, process in _processes() if process.group == group}
    return {
        pid: process.name
        for pid, process in processes.items()
        if process.is_marked and (parent := processes.get(process.parent)) and not parent.name.startswith(_MARK)
    }


def _processes() -> Iterator[tuple[int, _Process]]:
    for folder in _PROC.glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            named, _, rest = (folder / "stat").read_text(errors="replace").rpartition(")")  # a name may hold anything
            state, parent, group, *_ = rest.split()
            yield int(folder.name), _Process(named.partition("(")[2], state, int(parent), int(group))
