"""Finding the token of a request. DRF imports this before its views."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone
from knox.crypto import hash_token

from terrafusion.accounts.models import Token
from terrafusion.accounts.passwords import mark
from terrafusion.kept import Kept

_USE_NOTED = timedelta(hours=1)
_by_digest = Kept(lambda digest: Token.objects.select_related("user").filter(pk=digest).order_by(), like="")


def is_good(token: Token) -> bool:
    """Neither expired, nor of an earlier password, nor of a user who is put out."""
    expired = token.expiry is None or token.expiry <= timezone.now()
    return token.user.is_active and not expired and token.password_mark == mark(token.user)


def find(text: str) -> Token | None:
    """The token, with its user, in one query by the primary key; None if it is none, or has ended."""
    stored = _by_digest.first(hash_token(text))
    return stored if stored and is_good(stored) else None


def note_use(token: Token) -> None:
    """Once an hour."""
    now = timezone.now()
    if token.used_at is None or now - token.used_at >= _USE_NOTED:
        unnoted = Q(used_at=None) | Q(used_at__lte=now - _USE_NOTED)
        Token.objects.filter(unnoted, pk=token.pk).update(used_at=now)
