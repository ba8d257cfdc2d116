"""The files with hashes of every package that is installed, made of the requirements: ``make lock``.

A hash is of the file, whatever index or mirror it comes from. ``make`` installs from these files, and pip then takes
nothing that has another hash or is not listed.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
LOCKS = {
    "requirements-dev.lock": ("requirements-dev.txt",),
    "requirements.lock": ("requirements.txt", "--constraint", "requirements-dev.lock"),
    "requirements-alone.lock": ("requirements-alone.txt", "--no-deps"),
}
"""Each with what it is made of. What runs has the versions that are tested."""

_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)


def pins(text: str) -> dict[str, str]:
    """The version of each package, whose name is written as indexes have it."""
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in _PIN.findall(text)}


def main() -> int:
    uv = [
        str(Path(sys.executable).parent / "uv"),
        "pip",
        "compile",
        "--quiet",
        "--universal",
        "--python-version",
        "3.11",
    ]
    plain = ["--generate-hashes", "--no-annotate", "--no-header", "--no-emit-index-url", "--upgrade"]
    for lock, (source, *more) in LOCKS.items():
        subprocess.run([*uv, *plain, source, *more, "--output-file", lock], cwd=PROJECT, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
