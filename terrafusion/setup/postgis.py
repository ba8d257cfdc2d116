"""Finds the machine's PostgreSQL with PostGIS, and installs Debian's where root or sudo allows it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from terrafusion.setup.errors import SetupError

DEBIAN_PACKAGES = "postgresql-postgis libgomp1"  # the second for LightGBM, whose wheel lacks it
_DEBIAN_SERVERS = Path("/usr/lib/postgresql")
_DEBIAN_SHARE = Path("/usr/share/postgresql")
# Debian makes and starts a cluster on port 5432 when a server is installed, unless a file like this says no.
_NO_CLUSTER = Path("/etc/postgresql-common/createcluster.d/terrafusion.conf")


@dataclass(frozen=True)
class Server:
    """The programs of one PostgreSQL major version that has PostGIS."""

    programs: Path
    version: str

    def program(self, name: str) -> str:
        return str(self.programs / name)


def find(version: str | None = None) -> Server | None:
    """The newest server with PostGIS, or the one of ``version``; None when there is none."""
    for server in _installed():
        if version in (None, server.version):
            return server
    return None


def find_or_install(version: str | None = None) -> Server:
    """As ``find``, but installs Debian's package first where it must and may. Raises SetupError with what to type."""
    server = find(version)
    if server is None and version is None:
        _install()
        server = find()
    if server is None:
        wanted = f"PostgreSQL {version} with PostGIS" if version else "A PostgreSQL server with PostGIS"
        raise SetupError(f"{wanted} was not found on this machine.")
    return server


def _installed() -> list[Server]:
    servers = [
        Server(folder / "bin", folder.name)
        for folder in _DEBIAN_SERVERS.glob("*")
        if (folder / "bin" / "initdb").exists()
        and (_DEBIAN_SHARE / folder.name / "extension" / "postgis.control").exists()
    ]
    servers.sort(key=lambda server: float(server.version), reverse=True)
    return servers or _from_pg_config()


def _from_pg_config() -> list[Server]:
    """Systems other than Debian have one server, which pg_config describes."""
    if not shutil.which("pg_config"):
        return []
    programs, share, version = (
        subprocess.run(["pg_config", option], capture_output=True, text=True, check=True).stdout.strip()
        for option in ("--bindir", "--sharedir", "--version")
    )
    complete = (Path(programs) / "initdb").exists() and (Path(share) / "extension" / "postgis.control").exists()
    return [Server(Path(programs), version.split()[1].split(".")[0])] if complete else []


def _install() -> None:
    command = f"apt-get install -y --no-install-recommends {DEBIAN_PACKAGES}"
    if not shutil.which("apt-get"):
        raise SetupError(
            "PostGIS is not installed. Install PostgreSQL with PostGIS from your system's packages,\n"
            "or set DATABASE_URL=postgis://user:password@host/database to use a server that you have."
        )
    become_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if become_root and not _may_sudo():
        raise SetupError(
            f"PostGIS is not installed. Type this, then try again:\n\n    sudo {command}\n\n"
            "or set DATABASE_URL=postgis://user:password@host/database to use a server that you have."
        )
    print(f"Installing PostGIS: {command}", file=sys.stderr)
    script = f"""set -e
        mkdir -p {_NO_CLUSTER.parent}
        echo 'create_main_cluster = false' > {_NO_CLUSTER}
        trap 'rm -f {_NO_CLUSTER}' EXIT
        "$0" {DEBIAN_PACKAGES}"""
    installer = str(Path(__file__).with_name("debian.sh"))
    done = subprocess.run([*become_root, "sh", "-c", script, installer], check=False)
    if done.returncode != 0:
        raise SetupError(f"PostGIS could not be installed; apt-get's message is above. By hand: {command}")


def _may_sudo() -> bool:
    if not shutil.which("sudo"):
        return False
    return subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
