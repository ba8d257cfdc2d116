"""Making, finding and ending tokens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone
from knox.crypto import hash_token
from rest_framework.exceptions import ValidationError

from terrafusion.accounts.models import Scope, Token
from terrafusion.accounts.passwords import mark

MOST = 50
"""Tokens that one user may have at a time."""
_USE_NOTED = timedelta(hours=1)


def make(user: Any, *, name: str = "", scope: str = Scope.WRITE, days: int | None = None) -> tuple[Token, str]:
    """A new token's row, and the token itself, which nobody can show again.

    Programs that sign in with a password each time they run make tokens without a name: of these the oldest give way
    when there are too many. With ``MOST`` named ones a ValidationError is raised.
    """
    mine = Token.objects.filter(user=user)
    good = [token.pk for token in live(user)]
    mine.exclude(pk__in=good).delete()
    if (over := len(good) + 1 - MOST) > 0:
        oldest = mine.filter(name="").order_by("created").values_list("pk", flat=True)[:over]
        gone, _ = mine.filter(pk__in=list(oldest)).delete()
        if gone < over:
            raise ValidationError(f"You have {MOST} tokens with names, which is the most there may be: revoke one.")
    made: tuple[Token, str] = Token.objects.create(  # type: ignore[no-untyped-call]  # the library has no types
        user=user,
        name=name,
        scope=scope,
        expiry=timedelta(days=days or settings.TOKEN_DAYS),
        password_mark=mark(user),
    )
    return made


def live(user: Any) -> QuerySet[Token]:
    """The user's tokens that are good for something."""
    found: QuerySet[Token] = Token.objects.filter(user=user, expiry__gt=timezone.now(), password_mark=mark(user))
    return found


def is_good(token: Token) -> bool:
    """Neither expired, nor of an earlier password, nor of a user who is put out."""
    expired = token.expiry is None or token.expiry <= timezone.now()
    return token.user.is_active and not expired and token.password_mark == mark(token.user)


def find(text: str) -> Token | None:
    """The token, with its user, in one query by the primary key; None if it is none, or has ended."""
    found = Token.objects.select_related("user").filter(pk=hash_token(text)).first()
    return found if found and is_good(found) else None


def note_use(token: Token) -> None:
    """Once an hour."""
    now = timezone.now()
    if token.used_at is None or now - token.used_at >= _USE_NOTED:
        unnoted = Q(used_at=None) | Q(used_at__lte=now - _USE_NOTED)
        Token.objects.filter(unnoted, pk=token.pk).update(used_at=now)
