"""``make serve``: prepares the database and the static files, then runs the processes of the Procfile together.

They stop together: on Ctrl-C, on SIGTERM, and when one of them ends.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from honcho import manager
from honcho.environ import parse_procfile

from terrafusion.setup.errors import SetupError
from terrafusion.setup.postgres import PROJECT

# A worker may finish its job (SUPERVISOR_STOP_GRACE) before honcho kills what is left; honcho's own patience is 5 s.
STOP_GRACE = int(os.environ.get("SUPERVISOR_STOP_GRACE") or 20) + 10


def manage(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "manage.py", *arguments], cwd=PROJECT, check=False)
    if done.returncode != 0:
        raise SetupError(f"manage.py {' '.join(arguments)} failed; its message is above.")


def prepare() -> None:
    """Tables and static files up to date, and no metrics of processes that ran before."""
    metrics = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir(parents=True)
    manage("migrate", "--noinput", "--verbosity", "0")
    manage("collectstatic", "--noinput", "--verbosity", "0")


def _check_port_is_free(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SetupError(
                f"Cannot listen on {host}:{port} ({error.strerror}); another one: make serve PORT=8001"
            ) from None


def run() -> int:
    """The exit code of the first process that ended; 0 when stopped by a signal."""
    manager.KILL_WAIT = STOP_GRACE
    together = manager.Manager()
    for name, command in parse_procfile((PROJECT / "Procfile").read_text()).processes.items():
        together.add_process(name, command, cwd=str(PROJECT))
    together.loop()
    return 0 if together.returncode in (130, 143) else int(together.returncode or 0)


def main() -> int:
    """``--prepared`` says that ``prepare`` was done."""
    # One folder for all processes, gunicorn's master too, which does not read Django's settings.
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(PROJECT / "build" / "run" / "metrics"))
    try:
        host, port = os.environ.get("WEB_HOST") or "127.0.0.1", int(os.environ.get("PORT") or 8000)
        _check_port_is_free(host, port)
        if "--prepared" not in sys.argv:
            prepare()
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"TerraFusion: http://{host}:{port}/  (Ctrl-C stops everything)", flush=True)
    return run()


if __name__ == "__main__":
    sys.exit(main())
