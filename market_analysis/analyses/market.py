"""What an analysis is given, and what it gives back. No database here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from market_analysis.stats import periods
from terrafusion.tables import Column, Kind
from terrafusion.words import counted

PLACE = Column("place", Kind.TEXT, "Place")
PERIOD = Column("period", Kind.TEXT, "Period", width=10)
START = Column("period_start", Kind.DATE, "First day")
SALES = Column("sales", Kind.INTEGER, "Sales", width=8)
WITHHELD = Column("withheld", Kind.TEXT, "Withheld because", width=40)


@dataclass(frozen=True)
class Market:
    """``title`` names the county; ``sales`` are the screened sales of the period, with ``place`` the category of their
    place, empty where they lie in none. ``read`` has date, price, place and ``reason`` of all sales of the
    period, empty for those that were not excluded.

    ``stock`` counts the parcels of each place, and ``outlines`` gives the geometries of places as WKB; both ask the
    database when they are called. ``tick`` is to be called during long work: it raises what ends it.
    """

    title: str
    sales: pd.DataFrame
    read: pd.DataFrame
    step: str
    first: date
    last: date
    is_county: bool = True
    stock: Callable[[], dict[str, int]] = dict
    outlines: Callable[[list[str]], dict[str, bytes]] = lambda keys: {}
    tick: Callable[[], None] = lambda: None
    report_progress: Callable[[float, str], None] = lambda done, message: None

    def places(self) -> list[str]:
        """The keys of the places that have sales, in their order; numbers count as such."""
        places = [str(key) for key in self.sales["place"].unique() if key != ""]
        return sorted(places, key=natural)

    def by_place(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """The sales of each place."""
        groups = dict(list(self.sales.groupby("place", observed=True, sort=False)))
        for key in self.places():
            yield key, groups[key]

    def periods(self) -> range:
        """The numbers of the periods from first to last."""
        return range(periods.of_date(self.first, self.step), periods.of_date(self.last, self.step) + 1)

    def total_stock(self) -> int:
        return sum(self.stock().values())


@dataclass(frozen=True)
class PlaceFigures:
    """What there is to say of a place: the values of its layer's fields, or why there are none."""

    key: str
    sales: int
    values: dict[str, Any] = field(default_factory=dict)
    withheld: str = ""

    def as_summary(self) -> dict[str, Any]:
        """As in a summary."""
        return {"place": self.key, "sales": self.sales, **self.values}


@dataclass(frozen=True)
class DetailTable:
    """Another table of a result, in files ``<analysis>_<name>``: the records behind its figures."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class AnalysisResult:
    """``rows`` of ``columns`` are the table, ``summary`` what the API returns, ``chart`` a Vega-Lite specification."""

    message: str
    summary: dict[str, Any]
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    chart: dict[str, Any]
    areas: Sequence[PlaceFigures] = ()
    notes: Sequence[str] = ()
    tables: Sequence[DetailTable] = ()


def natural(key: str) -> tuple[int, float, str]:
    """Sorts texts that are numbers as numbers, before the others."""
    try:
        return 0, float(key), key
    except ValueError:
        return 1, 0.0, key


def number(value: float | None, digits: int | None = None) -> float | None:
    """For JSON: None where it is not finite."""
    if value is None or not np.isfinite(value):
        return None
    return float(value) if digits is None else round(float(value), digits)


def fewer_than(minimum: int) -> str:
    return "no sales" if minimum == 1 else f"fewer than {counted(minimum, 'sale')}"
