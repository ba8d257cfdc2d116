"""``manage.py inspect FILE``: see docs/user/loading.md."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from terrafusion.records.loading import LoadError, propose
from terrafusion.records.loading.readers import layers_of, open_source
from terrafusion.records.loading.survey import ColumnSurvey, Survey, survey
from terrafusion.records.loading.text_form import TextForm
from terrafusion.words import counted


class Command(BaseCommand):
    help = "Report what is in a vector file or table before it is loaded, and write a first mapping for it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="any file that load_layer takes")
        parser.add_argument("--source-layer", default="", help="layer of the file; default: all of them")
        parser.add_argument("--encoding", default="", help="encoding of its texts, such as cp1252; default: UTF-8")
        parser.add_argument("--layer", default="", help="parcels, sales, or the name of a reference layer, to map to")
        parser.add_argument("--mapping", type=Path, help="TOML file to write a first mapping to; needs --layer")
        parser.add_argument("--json", action="store_true", help="print the report as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        path, encoding, target = options["file"], options["encoding"], options["mapping"]
        if bool(target) != bool(options["layer"]):
            raise CommandError("Give --mapping and --layer together: the file to write, and the layer that it is for.")
        if target and target.exists():
            raise CommandError(f"{target} exists, and is left as it is: name another file.")
        try:
            wanted = [options["source_layer"]] if options["source_layer"] else layers_of(path)
            if target and len(wanted) > 1:
                raise LoadError(f"{path.name} has several layers; name one with --source-layer: {', '.join(wanted)}.")
            surveys = []
            for name in wanted:
                with open_source(path, name, TextForm(encoding)) as source:
                    surveys.append(survey(source))
        except LoadError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps({"layers": [asdict(one) for one in surveys]}))
        else:
            for one in surveys:
                self.stdout.write("\n".join(lines(one)))
        if target:
            target.write_text(propose.mapping(surveys[0], options["layer"], encoding), encoding="utf-8")
            self.stderr.write(f"A first mapping was written to {target}. Read it, and try it with --dry-run.")


def lines(survey: Survey) -> Iterator[str]:
    """The report for people."""
    shapes = f"{survey.geometry_type} in {survey.crs or 'an unknown CRS'}" if survey.geometry_type else "no geometry"
    yield f"{survey.file}, layer {survey.layer}: {counted(survey.rows, 'row')}, {shapes}"
    if survey.bounds:
        west, south, east, north = survey.bounds
        yield f"  Longitudes from {west} to {east}, latitudes from {south} to {north}."
    if survey.without_geometry:
        yield f"  {counted(survey.without_geometry, 'row')} without geometry."
    if keys := propose.likely_keys(survey):
        yield f"  Different in every row: {', '.join(keys)}."
    width = max((len(column.name) for column in survey.columns), default=0)
    for column in survey.columns:
        yield f"  {column.name:{width}}  {_described(column, survey.rows)}"


def _described(column: ColumnSurvey, rows: int) -> str:
    text = propose.about(column)
    if column.low is not None:
        text += f", from {column.low:,g} to {column.high:,g}"
    if column.undecodable:
        text += f"; {counted(column.undecodable, 'value')} not in this encoding: try --encoding cp1252"
    empty = rows - column.filled
    return f"{text}, {counted(empty, 'row')} without" if empty else text
