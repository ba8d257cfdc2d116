"""Making and ending tokens."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from terrafusion.accounts import events
from terrafusion.accounts.models import EventKind, Token, TokenScope
from terrafusion.accounts.passwords import mark
from terrafusion.types import AnyRequest

MAXIMUM = 50
"""Tokens that one user may have at a time."""


def make(user: User, *, name: str = "", scope: str = TokenScope.WRITE, days: int | None = None) -> tuple[Token, str]:
    """A new token's row, and the token itself, which nobody can show again.

    Programs that sign in with a password each time they run make tokens without a name: of these the oldest give way
    when there are too many. With ``MAXIMUM`` named ones a ValidationError is raised.
    """
    mine = Token.objects.filter(user=user)
    good = live(user).values_list("pk", flat=True)
    mine.exclude(pk__in=list(good)).delete()
    if (over := len(good) + 1 - MAXIMUM) > 0:
        oldest = mine.filter(name="").order_by("created").values_list("pk", flat=True)[:over]
        gone, _ = mine.filter(pk__in=list(oldest)).delete()
        if gone < over:
            raise ValidationError(f"You have {MAXIMUM} tokens with names, which is the most there may be: revoke one.")
    made: tuple[Token, str] = Token.objects.create(  # type: ignore[no-untyped-call]  # the library has no types
        user=user,
        name=name,
        scope=scope,
        expiry=timedelta(days=days or settings.TOKEN_DAYS),
        password_mark=mark(user),
    )
    return made


def live(user: User) -> QuerySet[Token]:
    """The user's tokens that are good for something."""
    tokens: QuerySet[Token] = Token.objects.select_related("user").filter(
        user=user, expiry__gt=timezone.now(), password_mark=mark(user)
    )
    return tokens


def revoke(tokens: Iterable[Token], request: AnyRequest) -> int:
    """End them, on behalf of the request's user; how many there were."""
    chosen = list(tokens)
    for token in chosen:
        token.delete()
        by = "" if request.user == token.user else f", by {request.user.get_username()}"
        events.record(EventKind.TOKEN_REVOKED, request, token.user.get_username(), f"{token}{by}")
    return len(chosen)
