"""``make demo``: a real county through the real platform, as a client of it would see it.

Loads the county, starts everything that ``make serve`` starts, submits an export over HTTP, waits for a worker to
finish it, downloads the file and compares its SHA-256. The last line printed is one JSON object that says what came
out; the exit code is 0 only if all of it went well. Nothing keeps running.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from terrafusion.setup.errors import SetupError
from terrafusion.setup.postgres import PROJECT
from terrafusion.setup.serve import STOP_GRACE, manage, prepare

FOLDER = PROJECT / "build" / "demo"
LOG = FOLDER / "serve.log"
COUNTY_IDS = {"king": "KING", "cambridge": "CAMBRIDGE"}
USER = "demo"
FORMAT = "GeoPackage"
START_SECONDS, JOB_SECONDS = 120, 900


def say(text: str) -> None:
    print(f"demo: {text}", flush=True)


class Client:
    """The REST interface, with a token once ``log_in`` was called."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.headers = {"Accept": "application/json"}

    def log_in(self, username: str, password: str) -> None:
        token = self.call("POST", "/api/v1/token", {"username": username, "password": password})["token"]
        self.headers["Authorization"] = f"Token {token}"

    def call(self, method: str, address: str, body: dict[str, Any] | None = None) -> Any:
        with self.open(method, address, body) as response:
            return json.load(response)

    def open(self, method: str, address: str, body: dict[str, Any] | None = None) -> Any:
        url = address if address.startswith("http") else self.site + address
        data = None if body is None else json.dumps(body).encode()
        request = Request(url, data, method=method)  # noqa: S310 - our own http address
        for name, value in {**self.headers, **({"Content-Type": "application/json"} if data else {})}.items():
            request.add_unredirected_header(name, value)  # the token is not for the storage that a download leads to
        try:
            return urlopen(request, timeout=60)  # noqa: S310
        except HTTPError as error:
            raise SetupError(f"{method} {url} answered {error.code}: {error.read().decode(errors='replace')}") from None

    def save(self, address: str, folder: Path) -> tuple[Path, str]:
        """Download into ``folder`` under the name that the server gives; the file and its SHA-256."""
        digest = hashlib.sha256()
        with self.open("GET", address) as response:
            path = folder / (Path(response.headers.get_filename() or "result").name)
            with path.open("wb") as file:
                while chunk := response.read(1 << 20):
                    digest.update(chunk)
                    file.write(chunk)
        return path, digest.hexdigest()


@contextlib.contextmanager
def platform(port: int) -> Iterator[Client]:
    """Web, workers and sweep, ready to be asked; stopped at the end, whatever happens."""
    command = [sys.executable, "-m", "terrafusion.setup.serve", "--prepared"]
    env = {**os.environ, "PORT": str(port), "WEB_HOST": "127.0.0.1"}
    with LOG.open("wb") as log:
        # A session of its own: Ctrl-C comes to us, and we stop it in order.
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log, start_new_session=True)
    try:
        client = Client(f"http://127.0.0.1:{port}")
        _wait_until_ready(client, process)
        yield client
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_GRACE + 15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise SetupError("The platform did not stop in time and was killed.") from None


def _wait_until_ready(client: Client, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    reason = "no answer"
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SetupError(f"The platform ended while starting; its log is {LOG}")
        try:
            client.call("GET", "/readyz")
        except (SetupError, URLError, OSError) as error:
            reason = str(error)
            time.sleep(0.3)
        else:
            return
    raise SetupError(f"The platform was not ready after {START_SECONDS} seconds: {reason}; its log is {LOG}")


def export(client: Client, county: str) -> dict[str, Any]:
    """Submit, poll, download and check; what the demo reports."""
    names = [layer["name"] for layer in _items(client.call("GET", f"/api/v1/gis-export/layers?county_id={county}"))]
    reference = [name for name in names if name not in ("parcels", "sales")]
    body = {"export_format": FORMAT, "county_id": county, "layers": ["parcels", *reference[:1]], "parameters": {}}
    began = time.monotonic()
    job = client.call("POST", "/api/v1/gis-export/run", body)
    say(f"submitted {job['job_id']}: {FORMAT} of {', '.join(body['layers'])} of {county}")
    shown = ""
    while job["status"] in ("PENDING", "RUNNING", "CANCELLING"):
        if time.monotonic() - began > JOB_SECONDS:
            raise SetupError(f"The job was still {job['status']} after {JOB_SECONDS} seconds.")
        time.sleep(0.3)
        job = client.call("GET", job["links"]["status"])
        state = f"{job['status']} {job['progress']}%"
        if state != shown:
            say(state)
            shown = state
    seconds = round(time.monotonic() - began, 2)
    if job["status"] != "COMPLETED":
        raise SetupError(f"The job ended {job['status']}: {job.get('error_code')} {job['message']}")
    result = client.call("GET", job["links"]["results"])["result"]
    path, sha256 = client.save(job["links"]["download"], FOLDER)
    if sha256 != result["result_file_sha256"] or path.stat().st_size != result["result_file_bytes"]:
        raise SetupError(f"{path} is not what the server says: SHA-256 {sha256} and {path.stat().st_size} bytes.")
    say(f"{job['message']} SHA-256 agrees.")
    return {
        "job_id": job["job_id"],
        "status": job["status"],
        "format": job["export_format"],
        "layers": body["layers"],
        "records": result["result_record_count"],
        "file": str(path),
        "bytes": path.stat().st_size,
        "sha256": sha256,
        "seconds": seconds,
    }


def _items(answer: Any) -> list[dict[str, Any]]:
    return list(answer["results"] if isinstance(answer, dict) else answer)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run(county_name: str) -> dict[str, Any]:
    if county_name not in COUNTY_IDS:
        raise SetupError(f"DEMO={county_name} is not known; there is {', '.join(COUNTY_IDS)}.")
    county = COUNTY_IDS[county_name]
    FOLDER.mkdir(parents=True, exist_ok=True)
    # Its own, so that a `make serve` beside it keeps its counts.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(FOLDER / "metrics")
    say("preparing the database")
    prepare()
    say(f"loading {county}")
    manage("load_demo_county", "--county", county_name)
    manage("load_example_schedules", county)
    password = FOLDER / "password"
    manage("add_user", USER, "--county", county, "--role", "analyst", "--password-file", str(password))
    say(f"the user {USER}'s password is in {password.relative_to(PROJECT)}")
    with platform(_free_port()) as client:
        say(f"web, workers and sweep run at {client.site}; their log is {LOG.relative_to(PROJECT)}")
        client.log_in(USER, password.read_text().strip())
        return export(client, county)


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is stopped
    try:
        report = run(os.environ.get("DEMO") or "king")
    except (SetupError, OSError) as error:
        print(f"demo failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: stopped", file=sys.stderr)
        return 130
    print(json.dumps(report), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
