"""``manage.py load_example_schedules COUNTY``: example tables of cost, land, rents and rates, marked as examples."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from terrafusion.records.loading import LoadError
from valuation.schedules.examples import load_examples


class Command(BaseCommand):
    help = "Load example tables of cost, life, land, rents, rates and multipliers into a county without its own."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("county", help="id of the county, such as KING")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                for report in load_examples(options["county"]):
                    self.stdout.write("\n".join(report.lines()))
        except LoadError as error:
            raise CommandError(str(error)) from error
