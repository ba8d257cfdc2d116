"""Processes that were not started by this one: other programs have, and ended."""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import time
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def has_argument(pid: int, argument: str) -> bool:
    """Whether that process runs and was started with the argument. Ids are given again after a crash or a reboot, so
    the number alone proves nothing."""
    try:
        return argument.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return False
        listed = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, check=False)
        return argument.encode() in listed.stdout


def with_children(pid: int) -> list[int]:
    """That process and those that it has started and that run still."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return [pid, *map(int, children.read_text().split() if children.exists() else [])]


def wait_for_end(pids: list[int], seconds: float) -> None:
    """Until all of them have ended, or the time is up."""
    deadline = time.monotonic() + seconds
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            handle = os.pidfd_open(pid)  # readable when the process has ended
            try:
                select.select([handle], [], [], max(0, deadline - time.monotonic()))
            finally:
                os.close(handle)


def adopt_orphans() -> None:
    """What descends from us is a child of ours when its parent ends, so that ``wait`` and ``reap`` take it off the
    system's list.

    Process 1 should do that, but in many a container it does so late or never.
    """
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """In a child, before it runs its program: the kernel sends SIGTERM when the parent dies, even by SIGKILL, so that
    it is not orphaned. More exactly, when the parent's thread ends that has started it."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def forks_die_with_parent(generations: int) -> None:
    """So do the processes that this one forks from now on, and those that they fork, to as many generations. Later
    ones may be forked by a thread that ends before they do."""
    depth = 0

    def count() -> None:
        nonlocal depth
        depth += 1
        if depth <= generations:
            die_with_parent()

    os.register_at_fork(after_in_child=count)


def wait(process: subprocess.Popen[bytes]) -> int:
    """Its exit code, as ``process.wait()`` has it. What was adopted and ends meanwhile is reaped as it ends."""
    while process.returncode is None:
        pid, status = os.waitpid(-1, 0)
        if pid == process.pid:
            process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode


def reap() -> None:
    """Take children that have ended off the system's list of processes."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
