"""``manage.py describe_formats``: the page of the formats, from what the code declares."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from gis_export.formats import registry
from gis_export.formats.base import Format, Option

PAGE = Path(settings.BASE_DIR) / "docs" / "user" / "formats.md"
_TITLE = "# Formats of exports"
_WIDTH = 120


class Command(BaseCommand):
    help = "Write docs/user/formats.md: the options, limits and losses of each format, as the code declares them."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Write nothing; fail when the page is not up to date.")
        parser.add_argument("--page", type=Path, default=PAGE, help="Another file.")

    def handle(self, *args: Any, check: bool, page: Path, **options: Any) -> None:
        text = "\n".join(_page()) + "\n"
        if not check:
            if page.exists() and not page.read_text(encoding="utf-8").startswith(_TITLE):
                raise CommandError(f"{page} is not the page of the formats and is not overwritten: name another file.")
            page.write_text(text, encoding="utf-8")
            self.stdout.write(f"Wrote {page}.")
        elif not page.exists() or page.read_text(encoding="utf-8") != text:
            raise CommandError(f"{page} is not up to date. Type: make manage ARGS=describe_formats")


def _page() -> Iterator[str]:
    yield _TITLE
    yield ""
    yield "Written by `manage.py describe_formats` from the code; `GET /api/v1/gis-export/formats` lists the same."
    for file_format in registry.all_formats().values():
        yield from _section(file_format)


def _section(file_format: Format) -> Iterator[str]:
    several = "all in one file" if file_format.multi_layer else "a file each, in a zip"
    crs = f"always EPSG:{file_format.fixed_srid}" if file_format.fixed_srid else "any"
    yield from ("", f"## {file_format.label}", file_format.description, "")
    same = "the same data gives the same bytes" + (", but for the manifest." if file_format.always_zip else ".")
    yield f"`{file_format.name}`; `.{file_format.extension}`; layers: {several}; CRS: {crs}; " + (
        same if file_format.reproducible else "the same data may give other bytes."
    )
    yield ""
    for note in file_format.notes:
        yield from textwrap.wrap(
            f"- {note}", _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
    if file_format.options:
        yield from _table(
            ("option", "values", "default", "meaning"),
            [(f"`{o.name}`", _values(o), o.default, o.help) for o in file_format.options],
        )
    if file_format.limits:
        limits = [(limit.of, f"{limit.maximum:,}", limit.beyond) for limit in file_format.limits]
        yield from _table(("limit", "at most", "beyond it"), limits)
    if file_format.may_lose:
        yield from _table(("loss", "what it means"), list(file_format.may_lose.items()))
    else:
        yield from ("", "Nothing is lost beyond what the notes say.")


def _values(option: Option) -> str:
    return ", ".join(option.choices) if option.choices else f"{option.minimum} to {option.maximum}"


def _table(heads: tuple[str, ...], rows: list[tuple[Any, ...]]) -> Iterator[str]:
    yield ""
    for row in (heads, ("---",) * len(heads), *rows):
        yield "| " + " | ".join(map(str, row)) + " |"
