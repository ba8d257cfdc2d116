"""Ratio studies of a county's values, read from the database: what the job runs and reports import.

The figures are ``valuation.ratio``'s; here is where values, sales and their screening come from.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from market_analysis.stats import time_adjustment
from market_analysis.stats.errors import InsufficientSales
from terrafusion import words
from terrafusion.records.county_time import today
from terrafusion.records.sales import frame as sales_frame
from terrafusion.records.sales.rules import Rules
from terrafusion.records.sales.screening import Screened, screen
from valuation import ratio, study_values
from valuation.assessment import Classes, classes_of
from valuation.ratio import Balance, PropertyKind
from valuation.scope import ValuationScope
from valuation.study_groups import CountyStudy, levels, of_frame
from valuation.study_terms import CURRENT

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Wanted:
    """Which values of a county (``current``, ``certified``, or a run's id) against which sales. Prices are brought to
    ``valuation_date``; sales from then on are taken where ``sales_from`` says nothing else. ``kind`` stands in place of
    the kind of each class."""

    county_id: str
    valuation_date: date
    values: str | uuid.UUID = CURRENT
    sales_from: date | None = None
    sales_to: date | None = None
    kind: PropertyKind | None = None
    screening: dict[str, Any] = field(default_factory=dict)
    scope: ValuationScope | None = None

    def classes(self) -> Classes:
        return classes_of(self.county_id, self.kind)


@dataclass(frozen=True)
class StudyInput:
    """Values beside prices. ``sales`` has a row a sale: sale, parcel_number, property_class, neighborhood, sale_date,
    sale_price, price (brought to the valuation date), value and level (the share of market value that the value is
    stated at); all dollars are above zero."""

    sales: pd.DataFrame
    screening: dict[str, Any]
    notes: tuple[str, ...] = ()
    balance: Balance | None = None


def study(wanted: Wanted) -> tuple[CountyStudy, StudyInput]:
    """Read and study. Few sales withhold figures and say so; nothing raises for them."""
    studied = study_input(wanted)
    return of_frame(studied.sales, wanted.classes()), studied


def study_input(wanted: Wanted) -> StudyInput:
    """The values of the request beside the screened sales that they are held against."""
    return StudySales(wanted).study_input(
        wanted.valuation_date, wanted.sales_from, _values(wanted, wanted.valuation_date)
    )


def _values(wanted: Wanted, day: date) -> pd.DataFrame:
    return study_values.read(wanted.county_id, wanted.values, day)


class StudySales:
    """The screened sales of a study, read once, and their trend: for the study's own day and for earlier ones."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._classes = wanted.classes()
        read = sales_frame.read(sales_frame.SalesQuery(wanted.county_id, end=wanted.sales_to))
        rules = Rules.parse(wanted.screening, base=sales_frame.rules_of(wanted.county_id))
        self.screened: Screened = screen(read, rules, as_of=wanted.sales_to or today(wanted.county_id))
        self._trend, self._why = _trend(self.screened.kept)

    def study_input(
        self, day: date, sales_from: date | None, values: pd.DataFrame, sales_to: date | None = None
    ) -> StudyInput:
        """``values`` as ``study_values`` reads them, beside the sales from ``sales_from`` (or the day) on."""
        kept = self.screened.kept
        factor, notes = self._factors(kept, day)
        first = np.datetime64(sales_from or day)
        sold = kept["sale_date"].to_numpy()
        inside = (sold >= first) if sales_to is None else (sold >= first) & (sold <= np.datetime64(sales_to))
        kept = kept.assign(price=kept["sale_price"].to_numpy(dtype=float) * factor)[inside]
        counts = {**self.screened.summary(), "studied_from": str(first), "in_span": len(kept)}
        scope = self._wanted.scope
        if scope is not None and scope.submitted != "all":
            parcels = set(scope.parcels().values_list("parcel_number", flat=True))
            kept = kept[kept["parcel_number"].astype(object).isin(parcels).to_numpy()]
            counts["in_scope"] = len(kept)
        level = np.where(values["at_market"], 1.0, levels(values["class_of_value"], self._classes))
        values = values.assign(level=level)
        beside = kept.drop(columns="total_value").merge(
            values.drop(columns=["class_of_value", "at_market"]).astype({"parcel_number": object}),
            on="parcel_number",
            how="inner",
            suffixes=("", "_of_value"),
        )
        counts["without_a_value"] = len(kept) - len(beside)
        notes += _notes(beside, day)
        return StudyInput(beside.reset_index(drop=True), counts, notes, _balance(values, beside))

    def _factors(self, kept: pd.DataFrame, to: date) -> tuple[Any, tuple[str, ...]]:
        """What brings each price to the day; 1, with a note, where the market's course is not known."""
        if not len(kept):
            return np.ones(0), ()
        if self._trend is None:
            return np.ones(len(kept)), (f"Prices are as they were paid, not brought to {words.day(to)}: {self._why}",)
        try:
            return self._trend.factors(kept["sale_date"], to).value, ()
        except ValueError:
            far = (
                f"Prices are as they were paid: {words.day(to)} is too far from the sales for their trend to reach it."
            )
            return np.ones(len(kept)), (far,)


def _trend(kept: pd.DataFrame) -> tuple[Any, str]:
    """The market's trend; None and the reason where the sales are too few."""
    if not len(kept):
        return None, ""
    try:
        return time_adjustment.fit(kept, kept["sale_date"].max().date()), ""
    except InsufficientSales as few:
        return None, str(few)
    except ValueError as unfit:
        return None, str(unfit)


_BEFORE = (
    "The sales are from before the valuation date. Values that were made from these very sales agree with them better "
    "than with others: study them again when later sales are there."
)


def _notes(beside: pd.DataFrame, day: date) -> tuple[str, ...]:
    """What a reader must know of the sales that were studied."""
    notes: tuple[str, ...] = ()
    if len(beside) and beside["sale_date"].max().date() < day:
        notes += (_BEFORE,)
    several = sorted(set(beside["level"]))
    if len(several) > 1:
        stated = ", ".join(f"{level:.4g}" for level in several)
        notes += (
            f"The values are stated at several shares of market value ({stated}). Figures of all sales together are of "
            "values over their share: 1.000 is at the level that the law asks for.",
        )
    return notes


def _balance(values: pd.DataFrame, sales: pd.DataFrame) -> Balance | None:
    """Sold and unsold by market value per square foot: a sale should not change it."""
    usable = values[(values["living_area"] > 0).to_numpy()]
    rate = (usable["value"] / usable["level"] / usable["living_area"]).to_numpy(dtype=float)
    sold = usable["parcel_number"].astype(object).isin(set(sales["parcel_number"])).to_numpy()
    return ratio.sold_unsold_balance(rate[sold], rate[~sold])
