"""The summary's blocks. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reporting.document import blocks as b
from reporting.reports.ratio_study.sales import excluded
from terrafusion.tables import Column

MOST_ROWS = 400
"""Of an analysis's table; all of it is in the analysis's own files."""


@dataclass(frozen=True)
class Analysis:
    """A result of market_analysis, of a job or made for the report."""

    name: str
    title: str
    message: str
    summary: Mapping[str, Any]
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    chart: Mapping[str, Any]
    notes: Sequence[str] = ()
    job_id: str = ""


def build(analyses: list[Analysis], refused: list[tuple[str, str]]) -> Iterator[b.Block]:
    """``refused``: analyses that could not be made, with the reason."""
    for analysis in analyses:
        yield b.Heading(analysis.title)
        yield b.Text(analysis.message)
        period = analysis.summary.get("period") or {}
        of = f"{period.get('from')} to {period.get('to')}, by {period.get('step')}; " if period else ""
        made = f"from job {analysis.job_id}" if analysis.job_id else "made for this report"
        yield b.Text(f"{of}{analysis.summary.get('geography', 'county')}; {made}.", b.Tone.NOTE)
        if analysis.chart:
            alt = str(analysis.chart.get("description") or analysis.message)
            yield b.Chart(f"{analysis.name}_chart", "", dict(analysis.chart), alt)
        for note in analysis.notes:
            yield b.Text(str(note), b.Tone.NOTE)
        rows = analysis.rows[:MOST_ROWS]
        cut = len(analysis.rows) - len(rows)
        note = f"{cut:,} more rows are in the analysis's own files." if cut > 0 else ""
        yield b.Table(analysis.name, "Figures", tuple(analysis.columns), rows, note=note)
    for title, reason in refused:
        yield b.Heading(title)
        yield b.Text(reason, b.Tone.WARNING)
    if analyses and analyses[0].summary.get("screening"):
        yield b.Heading("Sales")
        yield excluded(analyses[0].summary["screening"])
