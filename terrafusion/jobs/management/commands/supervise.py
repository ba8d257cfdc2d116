"""``manage.py supervise``: run the clusters, and restart one that has died or is stuck."""

from __future__ import annotations

import logging
import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection

from terrafusion.jobs import broker
from terrafusion.jobs.supervise import SupervisedCluster

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Run the worker clusters and restart one that has died or is stuck. SIGTERM stops them after their jobs."
    requires_system_checks = []  # the cluster itself runs them; this must start fast and in any state

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--cluster",
            action="append",
            choices=broker.clusters(),
            help="Only this cluster; may be given more than once. Default: all.",
        )

    def handle(self, *args: Any, cluster: list[str] | None, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        clusters = [SupervisedCluster(name) for name in cluster or broker.clusters()]
        try:
            while not stop.is_set():
                for supervised in clusters:
                    try:
                        supervised.watch()
                    except Exception:  # a database or broker that is away must not end the clusters' keeper
                        log.exception("Cannot determine the state of cluster %s", supervised.name)
                        connection.close()
                stop.wait(1)
        finally:
            log.info("Stopping the clusters")
            stopping = [
                threading.Thread(target=supervised.stop, args=(settings.SUPERVISOR_STOP_GRACE,))
                for supervised in clusters
            ]
            for thread in stopping:
                thread.start()
            for thread in stopping:
                thread.join()
