"""Sends the outbox: a thread beside the sweep, since a slow receiver must not hold that up."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from django.db import Error as DatabaseError
from django.db import connection

from terrafusion.jobs.models import WebhookDelivery
from terrafusion.jobs.webhooks import outbox
from terrafusion.jobs.webhooks.outbox import Answer

log = logging.getLogger(__name__)

AT_ONCE = 8
POLL_SECONDS = 1.0


class Round:
    """What is being sent: one message a host at a time, so that one slow receiver holds up its own only. The
    database is used by the caller's thread alone."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._sending: dict[Future[Answer], WebhookDelivery] = {}

    def step(self, patience: float) -> bool:
        """Begin what is due, and note what comes back within ``patience`` seconds; False if there was nothing to do."""
        while len(self._sending) < AT_ONCE:
            delivery = outbox.claim([each.host for each in self._sending.values()])
            if delivery is None:
                break
            self._sending[self._pool.submit(outbox.send, delivery, outbox.keys(delivery))] = delivery
        finished = wait(self._sending, timeout=patience, return_when=FIRST_COMPLETED).done
        for future in finished:
            delivery = self._sending.pop(future)
            outbox.note(delivery, future.result())
        return bool(finished or self._sending)


def send_due() -> None:
    """Send what is due, and return when that is done."""
    with ThreadPoolExecutor(AT_ONCE, "webhook") as pool:
        under_way = Round(pool)
        while under_way.step(60):
            pass


class Sender(threading.Thread):
    """Sends until ``stop`` is set."""

    def __init__(self, stop: threading.Event) -> None:
        super().__init__(name="webhooks", daemon=True)
        self._ended = stop

    def run(self) -> None:
        with ThreadPoolExecutor(AT_ONCE, "webhook") as pool:
            under_way = Round(pool)
            busy = False
            while not self._ended.wait(0 if busy else POLL_SECONDS):
                try:
                    busy = under_way.step(POLL_SECONDS)
                except DatabaseError:
                    busy = False
                    log.warning("No webhooks are sent: the database does not answer", exc_info=True)
                finally:
                    connection.close_if_unusable_or_obsolete()
        connection.close()
