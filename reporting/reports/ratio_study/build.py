"""A ratio study's blocks. Pure: studies in, blocks out. Other reports take parts of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from reporting.document import blocks as b
from reporting.reports.ratio_study import pictures, sales, statistics
from valuation.ratio import RatioStudy

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Study:
    """``groups``: studies by what they are by. ``sales`` has value, price, sale_date and so on, a row a sale;
    ``places`` are x and y of those that have a place, in feet, with their ratio. ``outlines`` are drawn below them."""

    overall: RatioStudy
    trimmed: RatioStudy
    groups: Mapping[str, Mapping[str, RatioStudy]]
    sales: pd.DataFrame
    screening: Mapping[str, Any]
    notes: tuple[str, ...]
    balance: Any
    valuation_date: date
    places: Sequence[tuple[float, float, float]] = ()
    outlines: Sequence[Any] = ()
    list_sales: bool = True


def build(study: Study) -> Iterator[b.Block]:
    yield from statistics.summary(study.overall, study.trimmed)
    for note in study.notes:
        yield b.Text(note, b.Tone.WARNING)
    if not study.overall.withheld:
        yield from pictures.charts(study.sales)
        drawn = pictures.ratio_map(study.places, study.outlines)
        if drawn is not None:
            yield drawn
    if any(study.groups.values()):
        yield b.Heading("By group")
    for title, studies in study.groups.items():
        if studies:
            yield statistics.group_table(title, studies)
    yield b.Heading("Sales")
    yield sales.excluded(study.screening)
    if study.balance is not None:
        yield sales.balance(study.balance)
    if study.list_sales and len(study.sales):
        yield b.Table("sales", "Sales used", sales.SALES, sales.rows(study.sales))
