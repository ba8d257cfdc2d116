"""What Django says of sign-ins, by whatever way."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from terrafusion.accounts import attempts, events
from terrafusion.accounts.models import EventKind
from terrafusion.types import AnyRequest, AnyUser


@receiver(user_logged_in)
def _signed_in(request: AnyRequest | None, user: AnyUser, **_: object) -> None:
    events.record(EventKind.SIGNED_IN, request, user.get_username())


@receiver(user_logged_out)
def _signed_out(request: AnyRequest | None, user: AnyUser, **_: object) -> None:
    if user is not None:
        events.record(EventKind.SIGNED_OUT, request, user.get_username())


@receiver(user_login_failed)
def _failed(credentials: dict[str, Any], request: AnyRequest | None = None, **_: object) -> None:
    username = str(credentials.get("username") or "")
    if request is not None and attempts.wait(request, username):
        attempts.note_refusal(request, username)
    else:
        events.record(EventKind.FAILED, request, username)
