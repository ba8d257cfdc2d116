"""Whom an attempt to sign in is for, and where it comes from."""

from __future__ import annotations

from ipaddress import ip_address
from typing import cast
from unicodedata import normalize

from django.utils.crypto import salted_hmac
from rest_framework.request import Request

from terrafusion.api.throttles import LoginThrottle
from terrafusion.types import AnyRequest


def name_mark(username: str) -> str:
    """Of a name as somebody typed it, whether or not there is such an account: its attempts are counted by it."""
    name = normalize("NFKC", username).strip().casefold()
    return salted_hmac("terrafusion.accounts.name", name, algorithm="sha256").hexdigest()


def address_of(request: AnyRequest | None) -> str | None:
    """The client's, behind the proxies of NUM_PROXIES; None for a unix socket, and for what is no request."""
    given = LoginThrottle().get_ident(cast(Request, request)) if request is not None else None
    try:
        return str(ip_address(given or ""))
    except ValueError:
        return None
