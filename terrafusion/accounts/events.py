"""Who signed in, out, or failed to, and from where; tokens made and revoked. In the log and in a table, and never with
a password or a token."""

from __future__ import annotations

import logging
from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from terrafusion.accounts.models import AccountEvent, EventKind
from terrafusion.accounts.who import address_of, name_mark
from terrafusion.types import AnyRequest

log = logging.getLogger(__name__)


def record(kind: EventKind, request: AnyRequest | None, username: str, note: str = "") -> None:
    """A name that no account has is not kept: people type their password there by mistake."""
    user = User.objects.filter(username=username).first()
    name, address = user.username if user else "", address_of(request)
    AccountEvent.objects.create(
        kind=kind, user=user, username=name, name_mark=name_mark(username), address=address, note=note[:200]
    )
    level = logging.WARNING if kind in (EventKind.FAILED, EventKind.REFUSED) else logging.INFO
    said = [kind.label, name or "(no such account)", f"from {address or 'no address'}", *([note] if note else [])]
    log.log(level, ", ".join(said))
    if kind in AccountEvent.ADMITTED:
        _clear_away()


def _clear_away() -> None:
    """What is past its time, here and of sessions, which nobody else removes."""
    AccountEvent.objects.filter(at__lt=timezone.now() - timedelta(days=settings.ACCOUNT_LOG_DAYS)).delete()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
