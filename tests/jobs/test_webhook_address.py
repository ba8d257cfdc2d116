"""Where webhooks may go, and how a message gets there."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from terrafusion.jobs.errors import InvalidWebhookUrl, WebhookPostFailed
from terrafusion.jobs.webhooks import address, post, signature
from tests.jobs.receiver import Handler, Server, answer

NAME = "receiver.example.test"
ANYWHERE = "https://hooks.example.gov/in?key=1"


@pytest.mark.parametrize(
    "url",
    [
        "https://example.gov",
        "https://example.gov:8443/a/b?c=d&e=%20f",
        "https://EXAMPLE.gov./x",
        "https://93.184.215.14/x",
        "https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/x",
    ],
)
def test_addresses_that_are_taken(url: str) -> None:
    assert address.parse(url).secure


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.gov",
        "http://example.gov/",
        "ftp://example.gov/",
        "javascript:alert(1)",
        "https://",
        "https:///x",
        "https://user:pass@example.gov/",
        "https://example.gov@10.0.0.1/",
        "https://example.gov/#here",
        "https://example.gov:99999/",
        "https://example.gov:0/",
        "https://example.gov/a b",
        "https://example.gov/\r\nHost: x",
        "https://exämple.gov/",
        "https://example.gov\\@localhost/",
        "https://-.gov/",
        "https://.gov/",
        "https://%6cocalhost/",
        "https://localhost/",
        "https://database/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://017700000001/",
        "https://0/",
        "https://10.1.2.3/",
        "https://172.16.0.1/",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://168.63.129.16/",
        "https://100.64.0.1/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://192.88.99.1/",
        "https://[::1]/",
        "https://[::]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[::ffff:a00:1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[64:ff9b:1::1]/",
        "https://[2002:a00:1::1]/",
        "https://[2001:0:1::1]/",
        "https://[fe80::1]/",
        "https://[fe80::1%25eth0]/",
        "https://[fc00::1]/",
        "https://[fec0::1]/",
        "https://[ff02::1]/",
        "https://[2001:db8::1]/",
        "https://[::10.0.0.1]/",
        "https://example.gov/" + "x" * 2000,
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(InvalidWebhookUrl):
        address.parse(url)


@given(st.ip_addresses())
def test_what_is_not_global_is_never_public(ip: Any) -> None:
    if not ip.is_global or ip.is_multicast:
        assert not address.is_public(ip)
    if ip.version == 4:
        assert address.is_public(ip_address(f"::ffff:{ip}")) == address.is_public(ip)


def test_receivers_inside_the_network_that_the_site_allows(settings: Any) -> None:
    settings.WEBHOOK_INTERNAL_HOSTS = ["gis.local", "10.0.0.7:8080"]
    assert address.parse("http://gis.local/x").internal
    assert address.parse("https://GIS.local:9000/x").internal
    assert address.parse("http://10.0.0.7:8080/").internal
    for other in ("http://10.0.0.7/", "https://10.0.0.8:8080/", "http://example.gov/", "http://x.gis.local/"):
        with pytest.raises(InvalidWebhookUrl):
            address.parse(other)


# Over the wire.


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def receiver(
    authority: trustme.CA, names: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> Iterator[Server]:
    """By TLS, under NAME, which the site allows inside the network; its authority is trusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(NAME).configure_cert(context)
    trusted = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(trusted))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    settings.WEBHOOK_INTERNAL_HOSTS = [NAME]
    names[NAME] = ["127.0.0.1"]
    server = Server(context)
    yield server
    server.stop()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What names resolve to; ``asked`` counts."""
    known: dict[str, list[str]] = {"asked": []}
    original = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *arguments: Any, **more: Any) -> Any:
        if host not in known:
            return original(host, port, *arguments, **more)
        known["asked"].append(host)
        return [entry for each in known[host] for entry in original(each, port, *arguments, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known


def url(server: Server, host: str = NAME) -> str:
    return f"https://{host}:{server.port}/in?key=1"


def test_a_message_arrives_and_its_signature_is_verified(receiver: Server, names: Any) -> None:
    old, new = b"o" * 32, b"n" * 32
    body = '{"type": "job.completed", "where": "Zürich"}'.encode()
    headers = signature.headers([new, old], "msg_1", int(time.time()), body)
    assert post.post(url(receiver), body, headers) == 204
    ((path, sent, received),) = receiver.received
    assert (path, sent["Host"], received) == ("/in?key=1", f"{NAME}:{receiver.port}", body)
    assert names["asked"] == [NAME]  # once: what was checked is what was called
    for key in (new, old):
        Webhook(signature.shown(key)).verify(received.decode(), sent)
    with pytest.raises(WebhookVerificationError):
        Webhook(signature.shown(b"x" * 32)).verify(received.decode(), sent)
    with pytest.raises(WebhookVerificationError):
        Webhook(signature.shown(new)).verify(received.decode() + " ", sent)


def fails(server_url: str) -> str:
    with pytest.raises(WebhookPostFailed) as failed:
        post.post(server_url, b"{}", {})
    return failed.value.code


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["93.184.215.14", "127.0.0.1"], ["::1"], ["169.254.169.254"], ["::ffff:127.0.0.1"]]
)
def test_a_name_of_the_public_that_points_inside_is_not_called(
    receiver: Server, names: Any, addresses: list[str]
) -> None:
    names["hooks.example.gov"] = addresses
    assert fails(url(receiver, "hooks.example.gov")) == "address_refused"
    assert receiver.connections == 0


def test_certificates_are_checked(receiver: Server, names: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WEBHOOK_INTERNAL_HOSTS = [NAME, "other.example.test"]
    names["other.example.test"] = ["127.0.0.1"]
    assert fails(url(receiver, "other.example.test")) == "tls_failed"
    monkeypatch.delenv("SSL_CERT_FILE")
    assert fails(url(receiver)) == "tls_failed"
    assert receiver.received == []


def test_redirects_are_not_followed(receiver: Server) -> None:
    receiver.respond = answer(302, Location=f"https://{NAME}:{receiver.port}/elsewhere")
    assert post.post(url(receiver), b"{}", {}) == 302
    assert len(receiver.received) == 1


def test_an_endless_answer_is_not_read(receiver: Server) -> None:
    def endless(handler: Handler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b"x" * 65536)

    receiver.respond = endless
    assert post.post(url(receiver), b"{}", {}) == 200


@pytest.mark.parametrize("piece", [b"HTTP/1.1 100 Continue\r\n\r\n", b"H"])
def test_a_receiver_that_dawdles_is_left(receiver: Server, monkeypatch: pytest.MonkeyPatch, piece: bytes) -> None:
    def dawdle(handler: Handler) -> None:
        for _ in range(1000):
            handler.wfile.write(piece)
            time.sleep(0.05)

    monkeypatch.setattr(post, "DEADLINE", 0.4)
    receiver.respond = dawdle
    began = time.monotonic()
    assert fails(url(receiver)) == "timed_out"
    assert time.monotonic() - began < 40  # of the 50 seconds that it would take


def test_a_handshake_that_dawdles_is_left(names: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.WEBHOOK_INTERNAL_HOSTS = [NAME]
    names[NAME] = ["127.0.0.1"]
    monkeypatch.setattr(post, "DEADLINE", 0.4)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert fails(f"https://{NAME}:{silent.getsockname()[1]}/") == "timed_out"


def test_what_else_can_go_wrong(receiver: Server, names: Any, settings: Any) -> None:
    def nonsense(handler: Handler) -> None:
        handler.wfile.write(b"nonsense\r\n\r\n")

    receiver.respond = nonsense
    assert fails(url(receiver)) == "answer_malformed"
    receiver.respond = lambda handler: handler.connection.close()
    assert fails(url(receiver)) == "connection_failed"
    names["nowhere.example.gov"] = []
    assert fails("https://nowhere.example.gov/") == "connection_failed"
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert fails(f"https://{NAME}:{port}/") == "connection_failed"
    settings.WEBHOOK_INTERNAL_HOSTS = []  # no longer allowed, after the job was submitted
    names[NAME] = ["127.0.0.1"]
    assert fails(url(receiver)) == "address_refused"
