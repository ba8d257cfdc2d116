"""A ratio study's blocks. Pure: studies in, blocks out. Other reports take parts of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from reporting.document import blocks as b
from reporting.reports.ratio_study import pictures, sales, statistics
from reporting.reports.ratio_study.definitions import definitions
from terrafusion.words import counted, day
from valuation.ratio import RatioStudy
from valuation.study_year import Year

if TYPE_CHECKING:
    import pandas as pd

_ROLES = ("Prepared by", "Reviewed by", "Approved by the assessor")


@dataclass(frozen=True)
class Study:
    """``groups``: studies by what they are by, each in its order. ``sales`` has value, price, sale_date and so on, a
    row a sale; ``places`` are x and y of those that have a place, in feet, with their ratio over the level; below them
    ``outlines`` are drawn. ``values`` says whose values they are; sales from ``sales_from`` to ``sales_to`` were asked
    for."""

    overall: RatioStudy
    trimmed: RatioStudy
    by_class: Mapping[str, RatioStudy]
    groups: Mapping[str, Mapping[str, RatioStudy]]
    sales: pd.DataFrame
    screening: Mapping[str, Any]
    notes: tuple[str, ...]
    balance: Any
    values: str
    valuation_date: date
    sales_from: date
    sales_to: date | None
    earlier: Sequence[Year] = ()
    places: Sequence[tuple[float, float, float]] = ()
    outlines: Sequence[Any] = ()
    list_sales: bool = False


def build(study: Study) -> Iterator[b.Block]:
    yield what(study)
    yield from statistics.summary(study.overall, study.trimmed)
    yield from statistics.words(study.overall, study.by_class)
    for note in study.notes:
        yield b.Text(note, b.Tone.WARNING)
    if not study.overall.withheld:
        yield from pictures.charts(study.sales, study.overall.level)
        map_figure = pictures.ratio_map(study.places, study.outlines)
        if map_figure is not None:
            yield map_figure
    own = Year(study.valuation_date, study.sales_from, study.overall)
    alongside = statistics.years(study.earlier, own)
    yield b.Heading("Earlier years")
    yield alongside or b.Text("No values of earlier years with sales of their time are on record.", b.Tone.NOTE)
    tenths = statistics.deciles(study.overall)
    if study.by_class or tenths:
        yield b.Heading("By group")
    if study.by_class:
        yield statistics.class_table(study.by_class)
    if tenths:
        yield tenths
    for title, studies in study.groups.items():
        if studies:
            yield statistics.group_table(title, studies)
    yield b.Heading("Sales")
    yield sales.excluded(study.screening)
    if study.balance is not None:
        yield sales.balance(study.balance)
    if study.list_sales and len(study.sales):
        yield b.Table("sales", "Sales used", sales.SALES, sales.rows(study.sales))
    yield b.Heading("Definitions")
    yield definitions()
    yield b.Heading("Signatures")
    yield b.Signatures(_ROLES)


def what(study: Study) -> b.Facts:
    """What was studied: whose values, of which day, against the sales of which period."""
    days = study.sales["sale_date"]
    last = study.sales_to or (days.max().date() if len(days) else None)
    period = f"{day(study.sales_from)} to {day(last)}" if last else f"from {day(study.sales_from)} on"
    level = study.overall.level
    several = level == 1 and len({one.level for one in study.by_class.values()}) > 1
    return b.Facts(
        "study",
        "What was studied",
        (
            b.Figure("values", "Values", study.values),
            b.Figure("valuation_date", "Valuation date", study.valuation_date, b.Kind.DATE),
            b.Figure("period", "Study period", period),
            b.Figure("studied", "Sales studied", counted(len(study.sales), "sale")),
            b.Figure("level", "Level by law", "by class" if several else f"{level:.3f} of market value"),
            b.Figure("prices", "Prices", f"brought to {day(study.valuation_date)}"),
        ),
    )
