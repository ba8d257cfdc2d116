"""``manage.py sweep``: retry or fail lost jobs, offer forgotten ones again, run schedules, send webhooks, clean up."""

from __future__ import annotations

import logging
import signal
import threading
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import Error as DatabaseError
from django.db import connection

from terrafusion.jobs.sweep import Swept, sweep
from terrafusion.jobs.webhooks.sender import Sender, send_due

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = (
        "Retry or fail jobs whose worker is gone, offer forgotten jobs again, run schedules, send webhooks, "
        "delete expired results, clean up."
    )

    # `migrate`, which runs before it, and the clusters make the checks: they import all that pages and statistics need,
    # 170 MB that this process would hold for good.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--forever", action="store_true", help="Go on until stopped.")
        parser.add_argument(
            "--interval", type=float, default=settings.SWEEP_INTERVAL, help="Seconds between two sweeps (%(default)s)."
        )

    def handle(self, *args: Any, forever: bool, interval: float, **options: Any) -> None:
        if not forever:
            self.stdout.write(str(sweep()))
            send_due()
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        log.info("Sweeping every %s seconds", interval)
        sender = Sender(stop)
        sender.start()
        blind_until = 0.0
        while not stop.is_set():
            try:
                swept = sweep(check_heartbeats=time.monotonic() >= blind_until)
                if swept != Swept():
                    log.info("Swept: %s", swept)
            except DatabaseError:
                # While the database was away no worker could write its heartbeat: let them before they are checked.
                blind_until = time.monotonic() + settings.JOB_LOST_AFTER
                log.warning("The database does not answer; the next sweep tries again", exc_info=True)
            finally:
                connection.close_if_unusable_or_obsolete()
            if not sender.is_alive() and not stop.is_set():
                log.error("The thread that sends webhooks has ended; another begins")
                sender = Sender(stop)
                sender.start()
            stop.wait(interval)
