"""``manage.py load_schedule COUNTY TABLE FILE``: see docs/user/valuation.md."""

from __future__ import annotations

import datetime
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from terrafusion.records.loading import LoadError, Options
from valuation.models import SCHEDULES
from valuation.schedules.loading import load_schedule


class Command(BaseCommand):
    help = "Load a county's table of cost, life, land, rents, rates or multipliers from a CSV file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("county", help="id of the county, such as COUNTY01")
        parser.add_argument("table", choices=list(SCHEDULES), help="which table the file is")
        parser.add_argument("file", type=Path, help="CSV, or another file that GDAL reads as a table")
        parser.add_argument("--effective-from", type=datetime.date.fromisoformat, help="day, where the file has none")
        parser.add_argument("--mapping", type=Path, help="TOML file that says which column is loaded into which field")
        parser.add_argument("--replace", action="store_true", help="remove rows of the same day that the file has not")
        parser.add_argument("--dry-run", action="store_true", help="do everything but keep the result")
        parser.add_argument("--rejects", type=Path, help="CSV to write: each row refused or changed, and why")
        parser.add_argument("--source", default="", help="where the figures are from; default: the file's name")
        parser.add_argument("--json", action="store_true", help="print the report as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = Options(
            mapping=options["mapping"],
            dry_run=options["dry_run"],
            rejects=options["rejects"],
            as_of=options["effective_from"],
            source=options["source"],
        )
        try:
            report = load_schedule(
                options["county"], options["table"], options["file"], wanted, replaces=options["replace"]
            )
        except LoadError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(report.as_dict()) if options["json"] else "\n".join(report.lines()))
