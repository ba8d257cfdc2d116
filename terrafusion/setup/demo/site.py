"""Everything that ``make serve`` starts, for as long as the demonstration needs it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

from terrafusion.setup.demo.client import Client
from terrafusion.setup.errors import SetupError
from terrafusion.setup.serve import STOP_GRACE

START_SECONDS = 120


@dataclass(frozen=True)
class Site:
    client: Client
    process: subprocess.Popen[bytes]
    log_file: Path

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        reason = "no answer"
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise SetupError(f"The platform ended while starting; its log is {self.log_file}")
            try:
                self.client.call("GET", "/readyz")
            except (SetupError, URLError, OSError) as error:
                reason = str(error)
                time.sleep(0.3)
            else:
                return
        raise SetupError(
            f"The platform was not ready after {START_SECONDS} seconds: {reason}; its log is {self.log_file}"
        )


@contextlib.contextmanager
def platform(log_file: Path) -> Iterator[Site]:
    """Web, workers and sweep, just started; stopped at the end, whatever happens."""
    port = _free_port()
    command = [sys.executable, "-m", "terrafusion.setup.serve", "--prepared"]
    env = {**os.environ, "PORT": str(port), "WEB_HOST": "127.0.0.1"}
    with log_file.open("wb") as log:
        # A session of its own: Ctrl-C comes to us, and we stop it in order.
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)
    try:
        yield Site(Client(f"http://127.0.0.1:{port}"), process, log_file)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_GRACE + 15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise SetupError("The platform did not stop in time and was killed.") from None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
