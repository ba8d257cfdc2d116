"""Where a webhook may be: on the public internet, so that nobody can have the platform call what only it can reach.

The name is resolved once, every address that it has must be public, and the connection goes to one of those very
addresses: a name that points elsewhere a moment later gains nothing. ``WEBHOOK_INTERNAL_HOSTS`` lists the receivers
inside the network that whoever runs the site allows.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings

from terrafusion.jobs.errors import InvalidWebhookUrl

LONGEST = 2000
_VISIBLE = re.compile(r"[!-~]+")
_NAME = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NOT_PUBLIC = [
    ip_network(network)
    for network in (
        "168.63.129.16/32",  # Azure's own services, on an address that is public elsewhere
        "192.88.99.0/24",  # 6to4 relays
        "64:ff9b::/96",  # NAT64: an IPv4 address in disguise
        "64:ff9b:1::/48",
        "2001::/23",  # Teredo, and the IETF's other special uses
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fec0::/10",  # site-local
    )
]


@dataclass(frozen=True)
class Address:
    """A webhook's parts. ``internal``: the site allows it, wherever it is."""

    secure: bool
    host: str
    port: int
    target: str
    internal: bool

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def parse(url: str) -> Address:
    """Raises InvalidWebhookUrl for what cannot be sent to, as far as that shows without asking for the name."""
    if len(url) > LONGEST or not _VISIBLE.fullmatch(url):
        raise InvalidWebhookUrl(f"Give a URL of at most {LONGEST} characters, percent-encoded.")
    try:
        parts = urlsplit(url)
        host, given_port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        raise InvalidWebhookUrl("This is not a URL.") from None
    if not _NAME.fullmatch(host) and ":" not in host:
        raise InvalidWebhookUrl("This is not a URL such as https://example.gov/hooks/terrafusion.")
    if parts.username is not None or parts.password is not None or "\\" in url:
        raise InvalidWebhookUrl("Leave user and password out: the signature says who sends.")
    if parts.fragment:
        raise InvalidWebhookUrl("Leave out what follows #: it is never sent.")
    secure = parts.scheme == "https"
    port = given_port if given_port is not None else 443 if secure else 80
    allowed = {name.lower() for name in settings.WEBHOOK_INTERNAL_HOSTS}
    internal = host in allowed or f"{host}:{port}" in allowed
    if not secure and not (internal and parts.scheme == "http"):
        raise InvalidWebhookUrl("Give an https:// URL.")
    if not port:
        raise InvalidWebhookUrl("There is no port 0.")
    if not internal:
        _check_literal(host)
    target = parts.path or "/"
    return Address(secure, host, port, f"{target}?{parts.query}" if parts.query else target, internal)


def resolve(address: Address) -> list[str]:
    """The addresses to connect to. Raises InvalidWebhookUrl unless all are allowed, OSError where the name has none."""
    entries = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
    if not address.internal and not all(is_public(ip_address(each)) for each in addresses):
        raise InvalidWebhookUrl("The name has an address that is not on the public internet.")
    return addresses


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether it is a single machine's address on the public internet, in no disguise."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    special = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_link_local
    blocked = any(address in network for network in _NOT_PUBLIC if network.version == address.version)
    return address.is_global and not special and not blocked


def _check_literal(host: str) -> None:
    """An address in place of a name, in whatever spelling the resolver takes, and names that no public host has."""
    literal: IPv4Address | IPv6Address
    try:
        literal = ip_address(host)
    except ValueError:
        try:
            literal = IPv4Address(socket.inet_aton(host))  # 127.1, 0x7f000001, 017700000001
        except OSError:
            if "." not in host:
                raise InvalidWebhookUrl("Give the whole name of a host on the public internet.") from None
            return
    if not is_public(literal):
        raise InvalidWebhookUrl("The address is not on the public internet.")
