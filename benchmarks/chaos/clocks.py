"""A time of day that can be set, for the programs that are started with ``environment`` (clock.c)."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

from terrafusion.setup.errors import SetupError


class Clock:
    """Its files lie in ``folder``, which the database server must be able to read."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self._library = folder / "clock.so"

    def make(self) -> dict[str, str]:
        """The environment of programs that have this clock. SetupError where there is no compiler."""
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None:
            raise SetupError("There is no C compiler to make the clock with: apt-get install gcc libc6-dev")
        source = Path(__file__).with_name("clock.c")
        subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", self._library, source, "-ldl"], check=True)
        self._file.write_bytes(bytes(8))
        for path in (self._library, self._file):
            path.chmod(0o755)
        return {"LD_PRELOAD": str(self._library), "CHAOS_CLOCK": str(self._file)}

    def set(self, seconds: int) -> None:
        """So much before or behind the real time, for all at once."""
        with self._file.open("r+b") as file:
            file.write(struct.pack("=q", seconds))
