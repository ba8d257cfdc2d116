"""Processes as an init system keeps them: one that has ended is started again."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.platform import PROJECT
from terrafusion.setup import processes

_RESTART_SECONDS, _STOP_SECONDS = 1.0, 30.0


class Keeper:
    def __init__(self, commands: dict[str, list[str]], log: Path) -> None:
        self._commands = commands
        self._log = log.open("ab")
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def start(self) -> None:
        for name in self._commands:
            self._start(name)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._log.close()

    def running(self) -> list[subprocess.Popen[bytes]]:
        return list(self._running.values())

    def process(self, name: str) -> psutil.Process:
        return psutil.Process(self._running[name].pid)

    def below(self, name: str) -> list[psutil.Process]:
        """The processes that descend from it, the oldest first."""
        processes: list[psutil.Process] = []
        with suppress(psutil.NoSuchProcess):
            processes = self.process(name).children(recursive=True)
        return processes

    def busy(self) -> Iterator[psutil.Process]:
        """Workers that are at a job, by the name that a worker gives itself meanwhile (terrafusion.jobs.marks)."""
        for name in self._commands:
            for process in self.below(name):
                with suppress(psutil.NoSuchProcess):
                    if process.name().startswith("job "):
                        yield process

    def _start(self, name: str) -> None:
        self._running[name] = subprocess.Popen(
            self._commands[name],
            cwd=PROJECT,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
            preexec_fn=processes.die_with_parent,
        )

    def _keep(self) -> None:
        while not self._over.wait(_RESTART_SECONDS):
            for name, process in self._running.items():
                if process.poll() is not None:
                    self._start(name)
