"""One POST to a webhook: to a checked address, without redirects, in bounded time; of the answer only the status."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from terrafusion.jobs.errors import InvalidWebhookUrl, WebhookPostFailed
from terrafusion.jobs.webhooks.address import Address, parse, resolve

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
DEADLINE = 20.0
"""For all of it: a receiver that sends a byte now and then cannot hold a thread."""


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """The HTTP status of the answer. Raises WebhookPostFailed."""
    try:
        address = parse(url)
        addresses = resolve(address)
    except InvalidWebhookUrl:
        raise WebhookPostFailed("address_refused") from None
    except (OSError, UnicodeError):
        raise WebhookPostFailed("name_not_found") from None
    try:
        with _connected(address, addresses) as connection:
            sent = {
                "Host": address.authority,
                "Content-Type": "application/json",
                "User-Agent": "TerraFusion",
                **headers,
            }
            connection.request("POST", address.target, body, sent)
            return connection.getresponse().status
    except TimeoutError:
        raise WebhookPostFailed("timed_out") from None
    except ssl.SSLError:
        raise WebhookPostFailed("tls_failed") from None
    except OSError:
        raise WebhookPostFailed("connection_failed") from None
    except http.client.HTTPException:
        raise WebhookPostFailed("answer_malformed") from None


@contextmanager
def _connected(address: Address, addresses: list[str]) -> Iterator[http.client.HTTPConnection]:
    """A connection to the first of the checked addresses that takes one; the certificate must be of the host's name."""
    plain = _first(addresses, address.port)
    plain.settimeout(READ_SECONDS)
    # The handshake waits until the deadline can end it.
    tls = ssl.create_default_context() if address.secure else None
    used = tls.wrap_socket(plain, server_hostname=address.host, do_handshake_on_connect=False) if tls else plain
    late = threading.Event()

    def give_up() -> None:
        late.set()
        socket.socket.shutdown(used, socket.SHUT_RDWR)  # not SSLSocket's own, which would go on in plain text

    deadline = threading.Timer(DEADLINE, give_up)
    deadline.daemon = True
    deadline.start()
    try:
        if isinstance(used, ssl.SSLSocket):
            used.do_handshake()
        connection = http.client.HTTPConnection(address.host, address.port)
        connection.sock = used
        yield connection
    except (OSError, http.client.HTTPException):
        if late.is_set():
            raise TimeoutError from None
        raise
    finally:
        deadline.cancel()
        used.close()


def _first(addresses: list[str], port: int) -> socket.socket:
    for number, each in enumerate(addresses[:3], 1):
        try:
            return socket.create_connection((each, port), CONNECT_SECONDS)
        except OSError:
            if number == len(addresses[:3]):
                raise
    raise OSError("The name has no address.")
