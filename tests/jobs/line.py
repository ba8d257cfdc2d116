"""A line to the tests' database server that can be cut: an outage, as whoever uses the line meets it."""

from __future__ import annotations

import contextlib
import select
import socket
import socketserver
import threading
from pathlib import Path
from urllib.parse import quote

from django.db import connection

_SOCKET = ".s.PGSQL.5432"  # libpq's name for it


class Line:
    """A socket in ``folder``, whose path must be short; everything that is said to it the server hears."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: set[socket.socket] = set()
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        """What DATABASE_URL is to be."""
        given = connection.get_connection_params()
        who = f"{given.get('user', '')}:{quote(given.get('password', ''), safe='')}"
        return f"postgis://{who}@/{given['dbname']}?host={quote(str(self._folder), safe='')}"

    def lay(self) -> None:
        self._server = _Server(str(self._folder / _SOCKET), self._open)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def cut(self) -> None:
        """Who is connected is cut off, and nobody gets a connection."""
        assert self._server is not None
        self._server.cut = True
        self._server.shutdown()
        self._server.server_close()
        (self._folder / _SOCKET).unlink(missing_ok=True)
        for end in list(self._open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class _Connection(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        with _database() as database:
            ends = {self.request: database, database: self.request}
            self.server.open.update(ends)
            if self.server.cut:  # while this one was being connected
                return
            with contextlib.suppress(OSError):
                while all(_pass_on(end, ends[end]) for end in select.select(list(ends), [], [])[0]):
                    pass
            self.server.open.difference_update(ends)


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def __init__(self, address: str, connected: set[socket.socket]) -> None:
        self.open = connected
        self.cut = False
        super().__init__(address, _Connection)


def _pass_on(source: socket.socket, target: socket.socket) -> bool:
    said = source.recv(1 << 16)
    target.sendall(said)
    return bool(said)


def _database() -> socket.socket:
    given = connection.get_connection_params()
    host, port = given.get("host") or "/var/run/postgresql", int(given.get("port") or 5432)
    if not host.startswith("/"):
        return socket.create_connection((host, port))
    end = socket.socket(socket.AF_UNIX)
    end.connect(f"{host}/.s.PGSQL.{port}")
    return end
