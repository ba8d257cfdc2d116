"""``manage.py unknown_files``: the files in media storage that no row of the database names."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from terrafusion.jobs.publish import discard
from terrafusion.jobs.unknown_files import unknown
from terrafusion.words import counted


class Command(BaseCommand):
    help = (
        "List the files in media storage that are a day old and that no row of the database names: those of jobs made "
        "after a backup that was restored."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--delete", action="store_true", help="Delete them.")

    def handle(self, *args: Any, delete: bool, **options: Any) -> None:
        count = 0
        for name in unknown():
            if delete and not discard(name):
                self.stderr.write(f"{name} could not be deleted; the log says why.")
                continue
            count += 1
            self.stdout.write(name)
        done = "deleted" if delete else "found"
        self.stdout.write(f"{counted(count, 'file')} that no row names {done}.")
