"""Runs a command with the project's environment: ``python -m terrafusion.setup.launch COMMAND ...``.

The environment is what is set already, then ``.env``, then what is made here because neither names it: a secret key
(``build/secret_key``) and a private PostgreSQL. A server that nobody else uses is stopped when the command ends,
unless ``make database`` was asked to keep it running.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from terrafusion.setup import processes
from terrafusion.setup.errors import SetupError
from terrafusion.setup.postgres import PROJECT, Cluster, without_pg_variables


def read_env_file(path: Path) -> dict[str, str]:
    """The NAME=VALUE lines of a .env file; quotes round a value are taken off, # begins a comment line."""
    values: dict[str, str] = {}
    if not path.exists():
        return values
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        stripped = line.strip().removeprefix("export ")
        if not stripped or stripped.startswith("#"):
            continue
        name, equals, value = stripped.partition("=")
        if not equals or not name.strip().isidentifier():
            raise SetupError(f"{path.name}, line {number}: expected NAME=VALUE.")
        value = value.strip()
        quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "'\""
        values[name.strip()] = value[1:-1] if quoted else value
    return values


def secret_key_file(project: Path = PROJECT, name: str = "secret_key") -> Path:
    """The installation's own secret key, made once, readable by its owner only; or another such key, by its name."""
    path = project / "build" / name
    path.parent.mkdir(exist_ok=True)
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
    return path


@contextlib.contextmanager
def environment(project: Path = PROJECT) -> Iterator[dict[str, str]]:
    """The environment of every command; the private server, where one is needed, runs inside the ``with`` block."""
    given = {**read_env_file(project / ".env"), **os.environ}
    programs = str(project / ".venv" / "bin")
    given["PATH"] = f"{programs}{os.pathsep}{given.get('PATH', os.defpath)}"
    given["PYTHONUNBUFFERED"] = "1"
    # Where Python may not keep what it compiled, each of many processes compiles all modules anew: 3 s for a command.
    given.pop("PYTHONDONTWRITEBYTECODE", None)
    if not given.get("SECRET_KEY") and not given.get("SECRET_KEY_FILE"):
        given["SECRET_KEY_FILE"] = str(secret_key_file(project))
    if not given.get("EXPORT_SIGNING_KEY") and not given.get("EXPORT_SIGNING_KEY_FILE"):
        given["EXPORT_SIGNING_KEY_FILE"] = str(secret_key_file(project, "export_signing_key"))
    if given.get("DATABASE_URL") or given.get("DATABASE_URL_FILE"):
        yield given
        return
    cluster = Cluster(project)
    with _in_use(cluster):
        kept = without_pg_variables()
        yield {name: value for name, value in given.items() if name in kept or not name.startswith("PG")} | {
            "DATABASE_URL": cluster.url
        }


@contextlib.contextmanager
def _in_use(cluster: Cluster) -> Iterator[None]:
    """Start the server if need be; the last user of it stops it. Shared locks count the users, and a lock ends with
    its process, so a killed one is not counted for ever."""
    cluster.run.mkdir(parents=True, exist_ok=True)
    with (cluster.run / "postgres.users.lock").open("w") as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        try:
            if cluster.start():
                cluster.keep.unlink(missing_ok=True)
            yield
        finally:
            if not cluster.keep.exists() and _is_last(users):
                cluster.stop()


def _is_last(users: IO[str]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def run(command: Sequence[str], env: dict[str, str]) -> int:
    """The command's exit code. Ctrl-C reaches the command from the terminal; we wait for it, then clean up."""
    signal.signal(signal.SIGINT, lambda *_: None)  # not SIG_IGN, which the command would inherit
    with subprocess.Popen(command, env=env) as process:

        def pass_on(received: int, _: object) -> None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, received)  # not send_signal, which may reap what ``wait`` waits for

        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, pass_on)
        code = processes.wait(process)
    return code if code >= 0 else 128 - code


def main() -> int:
    command = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    processes.adopt_orphans()
    try:
        with environment() as env:
            return run(command, env)
    except (SetupError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        processes.reap()


if __name__ == "__main__":
    sys.exit(main())
