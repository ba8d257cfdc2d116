"""``manage.py verify_export FILE|JOB``: is an export still what it was, and does the database still say the same?"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from gis_export import verify
from gis_export.errors import NotAnExport
from gis_export.models import GisExportJob
from terrafusion.words import counted


class Command(BaseCommand):
    help = (
        "Check an export: the signature of its manifest, SHA-256 of each file, counts, areas, extents and totals of "
        "each layer by reading the files again, and the same of the database as it is now. Exit code 0: all as it was; "
        "1: what differs is printed, or that it is not known who made the package."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("export", metavar="FILE|JOB", help="A file, or the id of a job.")

    def handle(self, *args: Any, export: str, **options: Any) -> None:
        try:
            report = self._check(export)
        except NotAnExport as error:
            raise CommandError(str(error)) from None
        for line in [*report.checked, *report.skipped]:
            self.stdout.write(line)
        for line in report.differences:
            self.stdout.write(self.style.ERROR(f"DIFFERENT: {line}"))
        if report.unknown:
            self.stdout.write(self.style.WARNING(f"UNKNOWN: {report.unknown}"))
        if report.differences:
            raise CommandError(f"{counted(len(report.differences), 'difference')} found.")
        if report.unknown:
            raise CommandError("It is not known who made this package: its content agrees with its own manifest only.")
        self.stdout.write(self.style.SUCCESS("Nothing differs."))

    @staticmethod
    def _check(export: str) -> verify.Report:
        try:
            wanted = uuid.UUID(export)
        except ValueError:
            return verify.check_file(Path(export))
        job = GisExportJob.objects.filter(pk=wanted).first()
        if job is None:
            raise CommandError(f"There is no export job {export}.")
        return verify.check_job(job)
