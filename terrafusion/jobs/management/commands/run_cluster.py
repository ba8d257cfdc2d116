"""``manage.py run_cluster``: one cluster of workers, as ``supervise`` starts it."""

from __future__ import annotations

from multiprocessing import get_context
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from terrafusion.setup import processes


class Command(BaseCommand):
    help = "Run the workers of one cluster, Q_CLUSTER_NAME; supervise starts it and looks after it."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        # The checks import all that pages and statistics need; every worker would inherit those 150 MB.
        checks = get_context("fork").Process(target=self.check)
        checks.start()
        checks.join()
        if checks.exitcode:
            raise CommandError("The system checks failed.")
        processes.forks_die_with_parent(2)  # the guard, and what it starts: workers, pusher, monitor
        call_command("qcluster")
