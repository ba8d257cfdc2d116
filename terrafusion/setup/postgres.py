"""The project's private PostgreSQL: its own data folder, a unix socket, and no port.

``python -m terrafusion.setup.postgres start|stop|status|remove``; start prints the DATABASE_URL.

Who gets in: the socket lies in a folder of mode 0700 that belongs to the server's user, and pg_hba.conf lets in,
by peer authentication, only that user and the one who started the server. There is no password to keep.
Started by root, the server runs as the user ``postgres`` (PostgreSQL refuses to run as root).
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from terrafusion.setup import postgis, postgres_conf, processes
from terrafusion.setup.errors import SetupError

ROLE = DATABASE = "terrafusion"
PROJECT = Path(__file__).resolve().parent.parent.parent


class Cluster:
    """The private server of the checkout at ``project``. The user who starts it is the one who may use it."""

    def __init__(self, project: Path = PROJECT) -> None:
        self.project = project.resolve()
        self.run = self.project / "build" / "run"
        self.keep = self.run / "postgres.keep"  # there: the server was started by hand, and stays when its users end
        self.owner = pwd.getpwuid(os.geteuid())
        key = hashlib.sha256(f"{self.owner.pw_uid}:{self.project}".encode()).hexdigest()[:12]
        self._inside = self.project / "build" / "postgres"
        self._elsewhere = Path("/var/lib/terrafusion") / key
        # A socket's path is limited to 107 bytes, so it cannot lie in a deep checkout.
        self.socket = Path("/tmp") / f"terrafusion-{key}"  # noqa: S108 - made 0700, and checked, by _make_private

    @property
    def url(self) -> str:
        return f"postgis://{ROLE}@/{DATABASE}?host={quote(str(self.socket))}"

    @cached_property
    def account(self) -> pwd.struct_passwd:
        """The system user that the server runs as."""
        return _server_account() if self.owner.pw_uid == 0 else self.owner

    @cached_property
    def home(self) -> Path:
        """Where the data lies: in the project, or under /var/lib where the server's user cannot get to the project."""
        self._inside.parent.mkdir(exist_ok=True)
        if self._has_data(self._elsewhere) or not self._can_enter(self._inside.parent):
            return self._elsewhere
        return self._inside

    @property
    def data(self) -> Path:
        return self.home / "data"

    @cached_property
    def server(self) -> postgis.Server:
        try:
            version = (self.data / "PG_VERSION").read_text().strip()
        except OSError:
            version = None
        return postgis.find_or_install(version)

    # --- commands -------------------------------------------------------------------------------------------------

    def start(self) -> bool:
        """Make the cluster if there is none, start it if it is not running; False if it ran already."""
        with self._lock():
            if self.running():
                return False
            _make_private(self.home, self.account)
            if not (self.data / "PG_VERSION").exists():
                self._create()
            _make_private(self.socket, self.account)
            postgres_conf.write(self.data, self.socket, ROLE, self.owner, self.account)
            self._clear_stale_pid()
            started = self._as_server(
                self.server.program("pg_ctl"), "start", "-w", "-t", "600", "-s",
                "-D", str(self.data), "-l", str(self.home / "start.log"),
            )  # fmt: skip
            if started.returncode != 0:
                raise SetupError(f"PostgreSQL did not start; the reason is in {self.home}/start.log or {self.data}/log")
            self._create_database()
        return True

    def stop(self) -> bool:
        """Stop the server, rolling back what runs, until its last process has ended; False if it did not run."""
        with self._lock():
            if (pid := self._pid()) is None or not self._alive():
                return False
            server = processes.with_children(pid)
            stopped = self._as_server(
                self.server.program("pg_ctl"), "stop", "-w", "-s", "-m", "fast", "-t", "120", "-D", str(self.data)
            )
            if stopped.returncode != 0:
                raise SetupError(f"PostgreSQL did not stop; its log is in {self.data}/log")
            # pg_ctl waits for the first process's last deed only, and the logger outlives it.
            processes.wait_for_end(server, 30)
            with contextlib.suppress(OSError):
                self.socket.rmdir()
        return True

    def running(self) -> bool:
        return self._alive() and self._answers()

    def remove(self) -> None:
        """Stop the server and delete its data for good."""
        self.stop()
        for folder in (self._inside, self._elsewhere, self.socket):
            shutil.rmtree(folder, ignore_errors=True)

    # --- making -----------------------------------------------------------------------------------------------------

    def _create(self) -> None:
        print(f"Making a private PostgreSQL {self.server.version} in {self.data}", file=sys.stderr)
        if self.home == self._elsewhere:
            print(f"  (there, because the user {self.account.pw_name} cannot enter {self.project})", file=sys.stderr)
        shutil.rmtree(self.data, ignore_errors=True)  # what an interrupted initdb left has no PG_VERSION
        made = self._as_server(
            self.server.program("initdb"), "-D", str(self.data), "-U", ROLE, "--auth=peer", "--encoding=UTF8",
            "--locale=C.UTF-8", "--data-checksums", "--no-instructions", quiet=True,
        )  # fmt: skip
        if made.returncode != 0:
            shutil.rmtree(self.data, ignore_errors=True)
            raise SetupError(f"initdb failed:\n{made.stderr}")

    def _create_database(self) -> None:
        exists = self._sql("postgres", f"select 1 from pg_database where datname = '{DATABASE}'")  # noqa: S608 - constant
        if not exists:
            self._sql("postgres", f"create database {DATABASE}")
        self._sql(DATABASE, "create extension if not exists postgis")

    # --- asking -----------------------------------------------------------------------------------------------------

    def _sql(self, database: str, statement: str) -> str:
        done = subprocess.run(
            [self.server.program("psql"), "-XqAt", "-h", str(self.socket), "-p", "5432", "-U", ROLE, "-d", database,
             "-c", statement],
            capture_output=True, text=True, check=False,
            env={**without_pg_variables(), "PGOPTIONS": "-c client_min_messages=warning"},
        )  # fmt: skip
        if done.returncode != 0:
            raise SetupError(f"The private PostgreSQL refused {statement!r}:\n{done.stderr}")
        return done.stdout.strip()

    def _pid(self) -> int | None:
        try:
            return int((self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None

    def _alive(self) -> bool:
        if not self._has_data(self._inside) and not self._has_data(self._elsewhere):
            return False
        pid = self._pid()
        return pid is not None and processes.has_argument(pid, str(self.data))

    def _answers(self) -> bool:
        asked = [self.server.program("pg_isready"), "-q", "-h", str(self.socket), "-p", "5432"]
        return subprocess.run(asked, check=False, env=without_pg_variables()).returncode == 0

    def _clear_stale_pid(self) -> None:
        pid = self._pid()
        if pid is not None and not self._alive():
            print(
                f"PostgreSQL did not stop cleanly last time (process {pid} is gone); it recovers now.", file=sys.stderr
            )
            for left in (
                self.data / "postmaster.pid",
                self.socket / ".s.PGSQL.5432.lock",
                self.socket / ".s.PGSQL.5432",
            ):
                left.unlink(missing_ok=True)

    def _has_data(self, home: Path) -> bool:
        try:
            return (home / "data" / "PG_VERSION").exists()
        except PermissionError:
            raise SetupError(
                f"{home} belongs to another user; run this as that user, or remove it with: make purge"
            ) from None

    def _can_enter(self, folder: Path) -> bool:
        return self._as_server("/bin/sh", "-c", 'cd "$1"', "sh", str(folder), quiet=True).returncode == 0

    def _as_server(self, *command: str, quiet: bool = False) -> subprocess.CompletedProcess[str]:
        other = self.account.pw_uid != self.owner.pw_uid
        return subprocess.run(
            command,
            check=False,
            text=True,
            cwd="/",
            env=without_pg_variables(),
            # The server inherits these, so they must not be pipes that somebody waits on.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if quiet else None,
            stdin=subprocess.DEVNULL,
            user=self.account.pw_uid if other else None,
            group=self.account.pw_gid if other else None,
            extra_groups=os.getgrouplist(self.account.pw_name, self.account.pw_gid) if other else None,
        )

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """One start or stop at a time."""
        self.run.mkdir(parents=True, exist_ok=True)
        with (self.run / "postgres.start.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def without_pg_variables() -> dict[str, str]:
    """The environment without libpq's variables (PGPORT, PGSERVICE...), which would point at another server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _server_account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        postgis.find_or_install()  # Debian's package makes the user
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        raise SetupError(
            "PostgreSQL refuses to run as root, and there is no user postgres: useradd -r postgres"
        ) from None


def _make_private(folder: Path, account: pwd.struct_passwd) -> None:
    """A folder of mode 0700 that belongs to ``account``; refuses one that somebody else put there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not folder.is_dir() or folder.is_symlink():
        folder.mkdir(mode=0o700)
        os.chown(folder, account.pw_uid, account.pw_gid)
    status = folder.lstat()
    if status.st_uid != account.pw_uid:
        owner = pwd.getpwuid(status.st_uid).pw_name
        raise SetupError(f"{folder} belongs to the user {owner}, not to {account.pw_name}; remove it and try again.")
    folder.chmod(0o700)


def main() -> int:
    parser = argparse.ArgumentParser(description="The project's private PostgreSQL.")
    parser.add_argument("command", choices=["start", "stop", "status", "remove"])
    command = parser.parse_args().command
    try:
        cluster = Cluster()
        if command == "start":
            cluster.start()
            cluster.keep.touch()
            print(cluster.url)
        elif command == "stop":
            cluster.keep.unlink(missing_ok=True)
            print("stopped" if cluster.stop() else "was not running")
        elif command == "remove":
            cluster.remove()
        else:
            print(cluster.url if cluster.running() else "not running")
    except (SetupError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
