"""``manage.py load_demo_county``: a county of real public records to try everything on."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from terrafusion import env
from terrafusion.records.demo import counties
from terrafusion.records.loading import LoadError


class Command(BaseCommand):
    help = "Load a demonstration county: King County (downloads one public file) or Cambridge (needs its data folder)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--county", choices=["king", "cambridge"], default="king")
        parser.add_argument(
            "--shared",
            type=Path,
            help="folder with the real data files; default: TERRAFUSION_SHARED_DATA, else ../shared/data",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object a layer")

    def handle(self, *args: Any, **options: Any) -> None:
        base = Path(settings.BASE_DIR)
        shared = options["shared"] or Path(env.text("TERRAFUSION_SHARED_DATA", str(base.parent / "shared" / "data")))
        try:
            if options["county"] == "king":
                reports = counties.load_king(base / "build" / "demo", shared)
            else:
                reports = counties.load_cambridge(shared)
            for report in reports:
                self.stdout.write(json.dumps(report.as_dict()) if options["json"] else "\n".join(report.lines()))
        except LoadError as error:
            raise CommandError(str(error)) from error
