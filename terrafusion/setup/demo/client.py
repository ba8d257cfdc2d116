"""The platform's REST interface as a client uses it, with nothing but the standard library."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from terrafusion.setup.errors import SetupError


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

    def open(self, method: str, address: str, body: dict[str, Any] | None = None) -> HTTPResponse:
        url = address if address.startswith("http") else self.site + address
        data = None if body is None else json.dumps(body).encode()
        request = Request(url, data, method=method)  # noqa: S310 - our own http address
        for name, value in {**self.headers, **({"Content-Type": "application/json"} if data else {})}.items():
            request.add_unredirected_header(name, value)  # the token is not for the storage that a download leads to
        try:
            response: HTTPResponse = urlopen(request, timeout=60)  # noqa: S310
            return response
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

    def pages(self, address: str) -> Iterator[dict[str, Any]]:
        """The items of a list, page after page."""
        while address:
            page = self.call("GET", address)
            yield from page["results"]
            address = page["next"] or ""
