"""What stands round every report: what its reader must know first, and how it was made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reporting.document import blocks as b
from reporting.document.texts import NOTHING, moment


def framed(document: b.Document) -> Iterator[b.Block]:
    """The document's blocks below its notices and above its parameters; sections that go out one by one have both
    at their ends."""
    if document.bare:
        told = [
            (label, text) for label, text in document.parameters if label not in document.unsaid and text != NOTHING
        ]
        made = "; ".join(f"{label}: {text}" for label, text in told)
        words = [b.Text(notice, b.Tone.NOTE) for notice in document.notices]
        words += [b.Text(f"Made with {made}.", b.Tone.NOTE)] if made else []
        for block in document.blocks:
            yield replace(block, blocks=(*block.blocks, *words)) if isinstance(block, b.Section) else block
        return
    for notice in document.notices:
        yield b.Text(notice, b.Tone.WARNING)
    yield from document.blocks
    yield b.Heading("About this report")
    items = tuple(b.Figure(label, label, text) for label, text in about(document))
    yield b.Facts("parameters", "", items)


def about(document: b.Document) -> list[tuple[str, str]]:
    """How the report was made, as labels and texts."""
    made = [("Data as of", moment(document.as_of)), ("Job", document.job_id)]
    return [*document.parameters, *made]
