"""The summary's blocks. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from reporting.document import blocks as b
from reporting.document.labels import label
from reporting.reports.market import checks
from reporting.reports.ratio_study.sales import excluded
from terrafusion.tables import Column, Kind
from terrafusion.words import counted, day

MAX_ROWS = 400
"""Of an analysis's table; all of it is in the analysis's own files."""
_ISO_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_TITLES = frozenset({"title", "subtitle", "text", "description"})
_CODES = frozenset({"method", "kind", "spot", "cluster"})
"""Columns of codes in the tables of analyses."""


@dataclass(frozen=True)
class ReportedAnalysis:
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


def build(analyses: list[ReportedAnalysis], refused: list[tuple[str, str]]) -> Iterator[b.Block]:
    """``refused``: analyses that could not be made, with the reason."""
    for analysis in analyses:
        yield b.Heading(analysis.title)
        yield b.Text(dated(analysis.message))
        period = analysis.summary.get("period") or {}
        of = ""
        if period:
            first, last = (day(date.fromisoformat(period[end])) for end in ("from", "to"))
            of = f"{first} to {last}, by {period.get('step')}; "
        made = f"from job {analysis.job_id}" if analysis.job_id else "made for this report"
        yield b.Text(f"{of}{analysis.summary.get('geography', 'county')}; {made}.", b.Tone.NOTE)
        if analysis.chart:
            alt = str(analysis.chart.get("description") or analysis.message)
            yield b.Chart(f"{analysis.name}_chart", "", _titled(dict(analysis.chart)), dated(alt))
        for note in analysis.notes:
            yield b.Text(dated(str(note)), b.Tone.NOTE)
        yield from checks.build(analysis.summary)
        columns, shown = _without_one_place(analysis.columns, analysis.rows)
        rows = [_labeled(row, columns) for row in shown[:MAX_ROWS]]
        cut = len(shown) - len(rows)
        note = f"The analysis's own files have {counted(cut, 'more row')}." if cut > 0 else ""
        yield b.Table(analysis.name, "Figures", tuple(columns), rows, note=note)
    for title, reason in refused:
        yield b.Heading(title)
        yield b.Text(dated(reason), b.Tone.WARNING)
    if analyses and analyses[0].summary.get("screening"):
        yield b.Heading("Sales")
        yield excluded(analyses[0].summary["screening"])


def _without_one_place(
    columns: Sequence[Column], rows: Sequence[Sequence[Any]]
) -> tuple[Sequence[Column], Sequence[Sequence[Any]]]:
    """Without the first column where it has the same place in each row."""
    if columns[0].name == "place" and len({row[0] for row in rows}) == 1:
        return columns[1:], [row[1:] for row in rows]
    return columns, rows


def dated(text: str) -> str:
    """A sentence of an analysis with its days as reports write them."""
    return _ISO_DAY.sub(lambda match: day(date.fromisoformat(match[0])), text)


def _titled(spec: object) -> Any:
    """A chart whose titles have their days so, too; its data stay."""
    if isinstance(spec, dict):
        return {
            name: dated(inner) if name in _TITLES and isinstance(inner, str) else _titled(inner)
            for name, inner in spec.items()
            if name != "data"
        } | ({"data": spec["data"]} if "data" in spec else {})
    return [_titled(inner) for inner in spec] if isinstance(spec, list) else spec


def _labeled(row: Sequence[Any], columns: Sequence[Column]) -> list[Any]:
    """The row with codes, such as of a method, by their labels; names of places stay."""
    return [
        label(value) if column.kind is Kind.TEXT and column.name in _CODES else value
        for value, column in zip(row, columns, strict=True)
    ]
