"""The private PostgreSQL, for real: in a folder with a space, a crash in between, and nobody else let in."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from terrafusion.setup import postgis
from terrafusion.setup.errors import SetupError
from terrafusion.setup.postgres import Cluster
from tests.conftest import wait_until

pytestmark = pytest.mark.skipif(postgis.find() is None, reason="no PostgreSQL with PostGIS on this machine")


@pytest.fixture
def private() -> Iterator[Cluster]:
    # Not below tmp_path, which the server's user may not enter when root runs the tests.
    folder = Path(tempfile.mkdtemp(prefix="terrafusion test "))
    folder.chmod(0o755)
    project = folder / "a folder with spaces and a name so long that no socket could have its path inside" / "county"
    project.mkdir(parents=True)
    made = Cluster(project)
    yield made
    made.remove()
    assert not made.home.exists()
    shutil.rmtree(folder)


def connect(private: Cluster) -> psycopg.Connection:
    url = urlsplit(private.url)
    return psycopg.connect(host=parse_qs(url.query)["host"][0], user=url.username, dbname=url.path[1:])


def ask(private: Cluster, query: LiteralString) -> object:
    with connect(private) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_it_starts_and_stops_twice_keeps_its_data_and_listens_on_no_port(private: Cluster) -> None:
    assert private.start() is True
    assert private.start() is False
    assert str(ask(private, "select postgis_lib_version()")).startswith("3.")
    assert private.home == private.project / "build" / "postgres"
    assert ask(private, "show listen_addresses") == ""
    assert ask(private, "show fsync") == "on"
    with connect(private) as connection:
        connection.execute("create table kept as select 1 as n")
    assert private.stop() is True
    assert private.stop() is False
    assert not private.running()
    assert private.start() is True
    assert ask(private, "select n from kept") == 1


def test_other_users_do_not_get_in(private: Cluster) -> None:
    private.start()
    folder = private.socket.stat()
    assert stat.S_IMODE(folder.st_mode) == 0o700
    assert folder.st_uid == private.account.pw_uid
    if os.geteuid() != 0:
        return
    # Even with the folder's doors open, the server itself refuses.
    private.socket.chmod(0o755)
    (private.socket / ".s.PGSQL.5432").chmod(0o777)
    nobody = pwd.getpwnam("nobody")
    psql = private.server.program("psql")
    done = subprocess.run(
        [psql, "-X", "-h", str(private.socket), "-U", "terrafusion", "terrafusion", "-c", "select 1"],
        user=nobody.pw_uid, group=nobody.pw_gid, cwd="/", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "Peer authentication failed" in done.stderr


def ended(pid: str) -> bool:
    """Also when nobody has waited for it: that is the first process's to do, which is not the same everywhere."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.parametrize("pid_is_taken", [False, True])
def test_it_recovers_after_a_crash(private: Cluster, pid_is_taken: bool) -> None:
    private.start()
    pid_file = private.data / "postmaster.pid"
    pid = int(pid_file.read_text().split()[0])
    children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: all(map(ended, children)))
    if pid_is_taken:  # as after a reboot: another process has the number now
        pid_file.write_text(pid_file.read_text().replace(str(pid), str(os.getpid()), 1))
    assert not private.running()
    assert private.start() is True
    assert str(ask(private, "select postgis_lib_version()")).startswith("3.")


def test_a_socket_folder_that_somebody_else_made_is_refused(private: Cluster) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make another user's folder")
    private.socket.mkdir()
    os.chown(private.socket, pwd.getpwnam("nobody").pw_uid, -1)
    with pytest.raises(SetupError, match="belongs to the user nobody"):
        private.start()


def test_a_project_that_the_server_cannot_enter_has_its_data_elsewhere(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("a normal user's server enters what the user enters")
    project = tmp_path / "closed"
    project.mkdir(mode=0o700)
    private = Cluster(project)
    try:
        private.start()
        assert private.home.parent == Path("/var/lib/terrafusion")
        assert ask(private, "select 1") == 1
        project.chmod(0o755)
        assert Cluster(project).home == private.home  # it stays where it is
    finally:
        private.remove()
