"""What stands round every report: what its reader must know first, and how it was made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reporting.document import blocks as b
from reporting.document.texts import moment
from reporting.document.tidy import tidied


def framed(document: b.Document) -> Iterator[b.Block]:
    """The document's blocks below its notices and above its parameters. Sections go out one by one, to an owner
    perhaps: they have the notices at their ends, and the foot names the job, whose record has the parameters."""
    if document.bare:
        words = [b.Text(notice, b.Tone.NOTE) for notice in document.notices]
        for block in tidied(document.blocks):
            yield replace(block, blocks=(*block.blocks, *words)) if isinstance(block, b.Section) else block
        return
    for notice in document.notices:
        yield b.Text(notice, b.Tone.WARNING)
    yield from tidied(document.blocks)
    yield b.Heading("About this report")
    items = tuple(b.Figure(label, label, text) for label, text in about(document))
    yield b.Facts("parameters", "", items)


def about(document: b.Document) -> list[tuple[str, str]]:
    """How the report was made, as labels and texts."""
    made = [("Data as of", moment(document.as_of)), ("Job", document.job_id)]
    return [*document.parameters, *made]
