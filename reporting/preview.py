"""The beginning of a report, at once."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from reporting.compose import compose, holds_personal_data
from reporting.document.blocks import Block, Section, Table, Text, Tone
from reporting.render import html
from reporting.render.files import RenderContext
from reporting.reports.base import Request
from reporting.snapshot import snapshot

MAX_ROWS = 50
MAX_SECTIONS = 3


def preview(request: Request) -> tuple[str, bool]:
    """The first sections and the first rows of each table, as an HTML page that says so; and whether it holds personal
    data."""
    with snapshot(), tempfile.TemporaryDirectory() as folder:
        document, content = compose(request, datetime.now(UTC))
        message = f"This is a preview: at most {MAX_SECTIONS} parts and {MAX_ROWS} rows of each table are shown."
        notice = Text(message, Tone.WARNING)
        document = replace(document, blocks=_first(document.blocks, notice if document.bare else None))
        if not document.bare:
            document = replace(document, notices=(message, *document.notices))
        page = io.StringIO()
        html.write(document, page, RenderContext(Path(folder)))
    return page.getvalue(), holds_personal_data(request, content)


def _first(blocks: object, opening: Block | None) -> Iterator[Block]:
    if opening is not None:
        yield opening
    sections = 0
    for block in blocks:  # type: ignore[attr-defined]
        if isinstance(block, Section):
            sections += 1
            if sections > MAX_SECTIONS:
                return
        yield (
            replace(block, rows=list(islice(block.rows, MAX_ROWS)), totals=None) if isinstance(block, Table) else block
        )
