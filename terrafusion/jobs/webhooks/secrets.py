"""Each user's secret, with which messages to their webhooks are signed.

It is derived from SECRET_KEY and a random salt; only the salt is stored, so no copy of the database gives it away.
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from terrafusion.jobs.models import WebhookSecret
from terrafusion.jobs.webhooks.signature import shown

OVERLAP = timedelta(hours=24)
"""So long the old secret signs beside a new one, so that receivers can change over."""


def make(user: User) -> tuple[WebhookSecret, str]:
    """A new secret in place of the one that there is; the text is returned here and nowhere else."""
    salt = secrets.token_hex(32)
    with transaction.atomic():
        row = WebhookSecret.objects.select_for_update().filter(user=user).first()
        if row is None:
            row = WebhookSecret.objects.create(user=user, salt=salt)
        else:
            WebhookSecret.objects.filter(user=user).update(
                previous_salt=row.salt, previous_until=Now() + OVERLAP, salt=salt, created_at=Now()
            )
    row.refresh_from_db()
    return row, shown(_key(salt))


def has(user: User) -> bool:
    return bool(WebhookSecret.objects.filter(user=user).exists())


def keys_of(user_id: int | None) -> list[bytes]:
    """What signs for the user now, the newest first; nothing for who is gone or may not log in."""
    rows = WebhookSecret.objects.filter(user=user_id, user__is_active=True) if user_id else WebhookSecret.objects.none()
    salts = list(rows.values_list("salt", flat=True))
    overlapping = rows.filter(Q(previous_until__gt=Now())).exclude(previous_salt="")
    salts += overlapping.values_list("previous_salt", flat=True)
    return [_key(salt) for salt in salts]


def _key(salt: str) -> bytes:
    return salted_hmac("terrafusion.jobs.webhooks", salt, algorithm="sha256").digest()
