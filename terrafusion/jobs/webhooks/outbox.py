"""The deliveries that are due: claimed, sent, and written down; tried again with growing pauses, for two days or so.

A claim is a lease: a sender that dies leaves the message to be sent again when the lease is over. So a message may come
twice, with the same ``webhook-id``, and in any order.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from terrafusion.jobs import metrics
from terrafusion.jobs.errors import WebhookPostFailed
from terrafusion.jobs.models import DeliveryStatus, WebhookDelivery
from terrafusion.jobs.webhooks import secrets, signature
from terrafusion.jobs.webhooks.post import post

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 12
_FIRST_PAUSE, _GROWTH, _LONGEST_PAUSE = 10, 5, 6 * 3600  # in seconds
_LEASE = timedelta(minutes=2)
_KEPT = timedelta(days=30)
_HOPELESS = {"address_refused", "no_secret"}
_GONE = 410


@dataclass(frozen=True)
class Answer:
    """What a try came to: an HTTP status, or the code of a failure."""

    status: int | None = None
    error: str = ""

    @property
    def delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def hopeless(self) -> bool:
        return self.error in _HOPELESS or self.status == _GONE


def claim(busy: Collection[str] = ()) -> WebhookDelivery | None:
    """A delivery that is due, to a host that is not ``busy``; it is ours until its lease is over."""
    due = WebhookDelivery.objects.filter(status=DeliveryStatus.WAITING, next_attempt_at__lte=Now())
    with transaction.atomic():
        rows = due.exclude(host__in=busy).order_by("next_attempt_at")
        delivery = rows.select_for_update(skip_locked=True).first()
        if delivery is not None:
            WebhookDelivery.objects.filter(pk=delivery.pk).update(
                attempts=F("attempts") + 1, last_attempt_at=Now(), next_attempt_at=Now() + _LEASE
            )
            delivery.refresh_from_db()
    return delivery


def send(delivery: WebhookDelivery, keys: list[bytes]) -> Answer:
    """Send it; touches no database. ``keys`` sign."""
    if not keys:
        return Answer(error="no_secret")
    body = delivery.payload.encode()
    signed = signature.headers(keys, f"msg_{delivery.pk.hex}", int(time.time()), body)
    try:
        return Answer(post(delivery.url, body, signed))
    except WebhookPostFailed as failed:
        return Answer(error=failed.code)
    except Exception:  # whatever one address makes a library do must not stop the messages to the others
        log.exception("Webhook %s to %s", delivery.pk, delivery.host)
        return Answer(error="internal_error")


def note(delivery: WebhookDelivery, answer: Answer) -> None:
    """Write down what a try came to, unless the lease was lost and another has tried since."""
    ours = WebhookDelivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts, status=DeliveryStatus.WAITING)
    response = {"response_status": answer.status, "error_code": answer.error or ("" if answer.delivered else "status")}
    if answer.delivered:
        outcome, ended = "delivered", ours.update(status=DeliveryStatus.DELIVERED, ended_at=Now(), **response)
    elif answer.hopeless or delivery.attempts >= MAX_ATTEMPTS:
        outcome, ended = "given_up", ours.update(status=DeliveryStatus.GIVEN_UP, ended_at=Now(), **response)
    else:
        outcome, ended = "failed", ours.update(next_attempt_at=Now() + pause(delivery.attempts), **response)
    if ended:
        metrics.webhook(delivery.county_id, outcome)
        log.info("Webhook %s to %s: %s %s", delivery.pk, delivery.host, outcome, answer.status or answer.error)


def pause(attempts: int) -> timedelta:
    """How long to wait after so many tries: 10 s, then five times as long each, to six hours; about, so that what
    failed together does not come together."""
    seconds = min(_LONGEST_PAUSE, _FIRST_PAUSE * _GROWTH ** (attempts - 1))
    return timedelta(seconds=seconds * random.uniform(0.8, 1.2))  # noqa: S311 - no secret


def send_again(delivery: WebhookDelivery) -> None:
    """Let it be sent now, whatever came of it, with all its tries before it."""
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        status=DeliveryStatus.WAITING, attempts=0, next_attempt_at=Now(), ended_at=None
    )


def forget() -> int:
    """Delete what ended long ago; the number."""
    deleted, _ = WebhookDelivery.objects.filter(ended_at__lt=Now() - _KEPT).delete()
    return deleted


def keys(delivery: WebhookDelivery) -> list[bytes]:
    return secrets.keys_of(delivery.owner_id)
