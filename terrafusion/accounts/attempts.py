"""How often one account may be tried, whoever tries and wherever from; ``LoginThrottle`` counts by address.

After ``LOGIN_FAILURES`` failures within ``LOGIN_FAILURE_MINUTES`` the account takes no password until the first of them
is that long ago. An address from which it has signed in lately is counted by itself, so that strangers who go on
guessing do not keep its owner out. Sessions and tokens are not concerned.

The failures are rows: exact, and the same for all web processes. Attempts that are at work at the same moment may go
over the limit, by the number of the web server's threads at most.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils import timezone

from terrafusion.accounts import events
from terrafusion.accounts.models import AccountEvent, EventKind
from terrafusion.accounts.who import address_of, name_mark
from terrafusion.types import AnyRequest

FAMILIAR = timedelta(days=90)
"""For so long an address counts as the account's own after it has signed in there."""


def wait(request: AnyRequest | None, username: str) -> int:
    """Seconds until the account may be tried from where the request comes; 0: now. The same for names of no account."""
    now = timezone.now()
    window = timedelta(minutes=settings.LOGIN_FAILURE_MINUTES)
    of_name = AccountEvent.objects.filter(name_mark=name_mark(username))
    failed = of_name.filter(kind=EventKind.FAILED, at__gt=now - window)
    last = _one_too_many(failed)
    if last is not None:
        here = {"address": address_of(request)}
        if of_name.filter(kind__in=AccountEvent.ADMITTED, at__gt=now - FAMILIAR, **here).exists():
            last = _one_too_many(failed.filter(**here))
    return 0 if last is None else max(1, ceil((last + window - now).total_seconds()))


def note_refusal(request: AnyRequest | None, username: str) -> None:
    """Once for each time that an account is closed: whoever goes on guessing fills no table."""
    since = timezone.now() - timedelta(minutes=settings.LOGIN_FAILURE_MINUTES)
    if not AccountEvent.objects.filter(name_mark=name_mark(username), kind=EventKind.REFUSED, at__gt=since).exists():
        events.record(EventKind.REFUSED, request, username)


def _one_too_many(failed: QuerySet[AccountEvent]) -> datetime | None:
    """When the failure was that has to pass out of sight; None if there may be more."""
    last = settings.LOGIN_FAILURES - 1
    return next(iter(failed.order_by("-at").values_list("at", flat=True)[last : last + 1]), None)


class Backend:
    """Before the one that looks at passwords, so that no way to sign in goes around the limit."""

    def authenticate(
        self, request: AnyRequest | None, username: str | None = None, password: str | None = None, **others: Any
    ) -> None:
        if request is not None and username and wait(request, username):
            raise PermissionDenied
