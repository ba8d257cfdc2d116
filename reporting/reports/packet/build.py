"""The blocks of an abatement packet. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reporting.document import blocks as b
from reporting.reports.parcel import card
from reporting.reports.parcel.file import ParcelFile
from reporting.reports.ratio_study import pictures, sales, statistics
from reporting.reports.ratio_study.build import Study, what


def build(parcel: ParcelFile, study: Study) -> Iterator[b.Block]:
    """The card, then how the neighborhood is valued."""
    yield b.Heading("Property record card")
    yield from card.blocks(parcel)
    if parcel.sheet is None:
        note = "No valuation run was named (valuation_job), so there are no comparables and no reasons."
        yield b.Text(note, b.Tone.NOTE)
    yield b.PageBreak()
    yield b.Heading(f"Ratio study of neighborhood {parcel.neighborhood or '(none)'}")
    yield what(study)
    yield from statistics.summary(study.overall, study.trimmed)
    yield from statistics.words(study.overall, study.by_class)
    for note in study.notes:
        yield b.Text(note, b.Tone.WARNING)
    map_figure = pictures.ratio_map(study.places, study.outlines)
    if map_figure is not None:
        yield map_figure
    yield sales.excluded(study.screening)
