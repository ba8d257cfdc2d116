"""``manage.py load_layer COUNTY LAYER FILE``: see docs/user/loading.md."""

from __future__ import annotations

import datetime
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from terrafusion.records.loading import LoadError, Options, load


class Command(BaseCommand):
    # They import every page and every statistic, whose memory the load would hold; `manage.py check` runs them.
    requires_system_checks: list[str] = []
    help = "Load parcels, sales or a reference layer of a county from a vector file or CSV."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("county", help="id of the county, such as COUNTY01")
        parser.add_argument("layer", help="parcels, sales, or the name of a reference layer, such as zoning")
        parser.add_argument("file", type=Path, help="GeoPackage, Shapefile (also zipped), GeoJSON, KML, CSV(.gz) ...")
        parser.add_argument("--mapping", type=Path, help="TOML file that says which column is loaded into which field")
        parser.add_argument("--source-layer", default="", help="layer of the file, when it has several")
        parser.add_argument("--crs", type=int, help="EPSG code of the file's coordinates; wins over what the file says")
        parser.add_argument("--dry-run", action="store_true", help="do everything but keep the result")
        parser.add_argument("--rejects", type=Path, help="CSV to write: each row refused, repaired or changed, and why")
        parser.add_argument("--as-of", type=datetime.date.fromisoformat, help="date that the data is as of, YYYY-MM-DD")
        parser.add_argument("--source", default="", help="where the data is from; default: the file's name")
        parser.add_argument("--json", action="store_true", help="print the report as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = load(
                options["county"],
                options["layer"],
                options["file"],
                Options(
                    mapping=options["mapping"],
                    source_layer=options["source_layer"],
                    crs=options["crs"],
                    dry_run=options["dry_run"],
                    rejects=options["rejects"],
                    as_of=options["as_of"],
                    source=options["source"],
                    progress=options["verbosity"] > 0,
                ),
            )
        except LoadError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(report.as_dict()))
        else:
            self.stdout.write("\n".join(report.lines()))
