"""Prometheus's promtool, which tests the alert rules: the machine's, or Debian's in build/tools.

``python3 -m terrafusion.setup.promtool ARGUMENTS ...`` runs it. Of Debian's package ``prometheus`` only this program is
unpacked: installed, it would start a server.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from terrafusion.setup.errors import SetupError

_OWN = Path(__file__).resolve().parent.parent.parent / "build" / "tools" / "promtool"


def find_or_fetch() -> str:
    """Its path. Raises SetupError where it is not available, with the reason."""
    if installed := shutil.which("promtool"):
        return installed
    if not _OWN.exists():
        _fetch()
    return str(_OWN)


def _fetch() -> None:
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise SetupError("promtool is not installed; it comes with Prometheus.")
    _OWN.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_OWN.parent) as name:
        folder = Path(name)
        if not _download(folder):
            if os.geteuid() == 0:
                subprocess.run(["apt-get", "update", "-q"], capture_output=True, check=False)
            if not _download(folder):
                raise SetupError("promtool is not installed, and apt-get cannot download Debian's package prometheus.")
        (package,) = folder.glob("prometheus_*.deb")
        unpack = 'dpkg-deb --fsys-tarfile "$1" | tar --extract --directory="$2" ./usr/bin/promtool'
        subprocess.run(["sh", "-ec", unpack, "sh", str(package), name], check=True)
        (folder / "usr" / "bin" / "promtool").replace(_OWN)


def _download(folder: Path) -> bool:
    done = subprocess.run(["apt-get", "download", "prometheus"], cwd=folder, capture_output=True, check=False)
    return done.returncode == 0


def main() -> int:
    try:
        program = find_or_fetch()
    except SetupError as error:
        print(f"Alert rules are not tested: {error}", file=sys.stderr)
        return 0
    return subprocess.run([program, *sys.argv[1:]], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
