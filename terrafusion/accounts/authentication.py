"""``Authorization: Token ...``."""

from __future__ import annotations

from typing import Any

from knox.auth import TokenAuthentication as _TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from terrafusion.accounts import lookup
from terrafusion.accounts.models import Token, TokenScope


class TokenAuthentication(_TokenAuthentication):
    """The library reads the header. Its own lookup reads, and may delete, all tokens of the user at each request.

    The scope is asked for here, so that no view can forget it.
    """

    def authenticate(self, request: Request) -> tuple[Any, Token] | None:
        authenticated: tuple[Any, Token] | None = super().authenticate(request)  # type: ignore[no-untyped-call]  # the library has no types
        if authenticated and authenticated[1].scope != TokenScope.WRITE and request.method not in SAFE_METHODS:
            raise PermissionDenied("This token may only read: its scope is 'read', and this request takes 'write'.")
        return authenticated

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Token]:
        stored = lookup.find(token.decode(errors="replace"))
        if stored is None:
            raise AuthenticationFailed("This token is not valid: it is unknown, revoked, or has expired.")
        lookup.note_use(stored)
        return stored.user, stored
