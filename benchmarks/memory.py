"""Peak resident memory of a worker and of the writer process that it started, from Linux's /proc."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psutil


def family(pid: int) -> Iterator[int]:
    """The process and all that it started."""
    process = psutil.Process(pid)
    yield pid
    yield from (child.pid for child in process.children(recursive=True))


def reset_peaks(pid: int) -> None:
    """Make the kernel count the peaks from now on."""
    for member in family(pid):
        Path(f"/proc/{member}/clear_refs").write_text("5")


def peak_mb(pid: int) -> float:
    """The sum of the peaks, in MB of 10^6 bytes. Pages that the two share count twice."""
    return sum(_peak_kib(member) for member in family(pid)) * 1024 / 1e6


def _peak_kib(pid: int) -> int:
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(peak[1]) if peak else 0
