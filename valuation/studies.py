"""Ratio studies of a county's values, read from the database: what the job runs and reports import.

The figures are ``valuation.ratio``'s; here is where values, sales and their screening come from.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from psycopg import sql

from market_analysis.stats import time_adjustment
from market_analysis.stats.errors import TooFewSales
from terrafusion.records.county_time import today
from terrafusion.records.sales import frame as sales_frame
from terrafusion.records.sales.rules import Rules
from terrafusion.records.sales.screening import screen
from valuation import ratio
from valuation.models import ValuationJob
from valuation.ratio import Balance, PropertyKind, RatioStudy
from valuation.ratio.study import value_tiers
from valuation.ratio.trim import EXTREME
from valuation.scope import Scope
from valuation.study_terms import CERTIFIED, CURRENT
from valuation.values import made_by

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Wanted:
    """Which values of a county (``current``, ``certified``, or a run's id) against which sales. Prices are brought to
    ``valuation_date``; sales from then on are taken where ``sales_from`` says nothing else."""

    county_id: str
    valuation_date: date
    values: str | uuid.UUID = CURRENT
    sales_from: date | None = None
    sales_to: date | None = None
    kind: PropertyKind = PropertyKind.RESIDENTIAL
    screening: dict[str, Any] = field(default_factory=dict)
    scope: Scope | None = None


@dataclass(frozen=True)
class Judged:
    """Values beside prices. ``sales`` has a row a sale: sale, parcel_number, property_class, neighborhood, sale_date,
    sale_price, price (brought to the valuation date) and value; all dollars are above zero."""

    sales: pd.DataFrame
    screening: dict[str, Any]
    notes: tuple[str, ...] = ()
    balance: Balance | None = None


@dataclass(frozen=True)
class CountyStudy:
    """The study of all sales, without extreme ratios, and of each class, neighborhood and tier of worth."""

    overall: RatioStudy
    trimmed: RatioStudy
    by_class: dict[str, RatioStudy]
    by_neighborhood: dict[str, RatioStudy]
    by_tier: dict[str, RatioStudy]


def study(wanted: Wanted) -> tuple[CountyStudy, Judged]:
    """Read and study. Few sales withhold figures and say so; nothing raises for them."""
    judged = judge(wanted)
    return of_frame(judged.sales, wanted.kind), judged


def of_frame(sales: pd.DataFrame, kind: PropertyKind = PropertyKind.RESIDENTIAL) -> CountyStudy:
    """The study of a frame with the columns value, price, property_class and neighborhood."""
    value, price = sales["value"].to_numpy(dtype=float), sales["price"].to_numpy(dtype=float)

    def grouped(names: list[str]) -> dict[str, RatioStudy]:
        return ratio.study_by_group(value, price, names, kind)

    return CountyStudy(
        overall=ratio.study(value, price, kind),
        trimmed=ratio.study(value, price, kind, trim=EXTREME),
        by_class=grouped(_names(sales["property_class"])),
        by_neighborhood=grouped(_names(sales["neighborhood"])),
        by_tier=grouped(value_tiers(value, price) if len(sales) else []),
    )


def judge(wanted: Wanted) -> Judged:
    """The values of the request beside the screened sales that they are held against."""
    read = sales_frame.read(sales_frame.SalesQuery(wanted.county_id, end=wanted.sales_to))
    rules = Rules.parse(wanted.screening, base=sales_frame.rules_of(wanted.county_id))
    screened = screen(read, rules, as_of=wanted.sales_to or today(wanted.county_id))
    kept = screened.kept
    factor, notes = _factors(kept, wanted.valuation_date)
    first = np.datetime64(wanted.sales_from or wanted.valuation_date)
    kept = kept.assign(price=kept["sale_price"].to_numpy(dtype=float) * factor)[kept["sale_date"].to_numpy() >= first]
    told = {**screened.summary(), "studied_from": str(first), "in_span": len(kept)}
    if wanted.scope is not None and wanted.scope.submitted != "all":
        inside = set(wanted.scope.parcels().values_list("parcel_number", flat=True))
        kept = kept[kept["parcel_number"].astype(object).isin(inside).to_numpy()]
        told["in_scope"] = len(kept)
    values = _values(wanted)
    beside = kept.drop(columns="total_value").merge(
        values.astype({"parcel_number": object}),
        on="parcel_number",
        how="inner",
        suffixes=("", "_of_value"),
    )
    told["without_a_value"] = len(kept) - len(beside)
    return Judged(beside.reset_index(drop=True), told, notes, _balance(values, beside))


def _factors(kept: pd.DataFrame, to: date) -> tuple[Any, tuple[str, ...]]:
    """What brings each price to the valuation date; 1, with a note, where the market's course cannot be told."""
    if not len(kept):
        return np.ones(0), ()
    try:
        trend = time_adjustment.fit(kept, kept["sale_date"].max().date())
        return trend.factors(kept["sale_date"], to).value, ()
    except TooFewSales as few:
        return np.ones(len(kept)), (f"Prices are as they were paid, not brought to {to}: {few}",)
    except ValueError:
        told = f"Prices are as they were paid: {to} is too far from the sales for their trend to reach it."
        return np.ones(len(kept)), (told,)


_CURRENT = (
    "SELECT p.parcel_number, p.total_value AS value, p.living_area_sqft AS living_area "
    "FROM records_propertyoperational p WHERE p.county_id = {county} AND p.total_value > 0"
)
_CERTIFIED = (
    "SELECT DISTINCT ON (v.property_id) p.parcel_number, v.total_value AS value, p.living_area_sqft AS living_area "
    "FROM records_propertyvaluehistory v JOIN records_propertyoperational p ON p.id = v.property_id "
    "WHERE v.county_id = {county} AND v.certified AND v.total_value > 0 AND v.effective_date <= {day} "
    "ORDER BY v.property_id, v.effective_date DESC"
)
_OF_A_RUN = (
    "SELECT p.parcel_number, coalesce(v.override_value, v.value) AS value, p.living_area_sqft AS living_area "
    "FROM valuation_propertyvaluation v JOIN records_propertyoperational p ON p.id = v.property_id "
    "WHERE v.job_id = {job} AND v.county_id = {county} AND v.state <> 'rejected' "
    "AND coalesce(v.override_value, v.value) > 0"
)


def _values(wanted: Wanted) -> pd.DataFrame:
    """parcel_number, value and living_area of every parcel with a value above zero."""
    county = sql.Literal(wanted.county_id)
    if wanted.values == CURRENT:
        statement = sql.SQL(_CURRENT).format(county=county)
    elif wanted.values == CERTIFIED:
        statement = sql.SQL(_CERTIFIED).format(county=county, day=sql.Literal(wanted.valuation_date))
    else:
        job = ValuationJob.objects.get(pk=wanted.values)
        statement = sql.SQL(_OF_A_RUN).format(county=county, job=sql.Literal(made_by(job)))
    return sales_frame.fetch(statement, {"parcel_number": "text", "value": "float64", "living_area": "float64"})


def _balance(values: pd.DataFrame, judged: pd.DataFrame) -> Balance | None:
    """Sold and unsold by value per square foot: a sale should not change it."""
    usable = values[(values["living_area"] > 0).to_numpy()]
    rate = usable["value"].to_numpy(dtype=float) / usable["living_area"].to_numpy(dtype=float)
    sold = usable["parcel_number"].astype(object).isin(set(judged["parcel_number"])).to_numpy()
    return ratio.sold_unsold_balance(rate[sold], rate[~sold])


def _names(column: pd.Series[Any]) -> list[str]:
    return [str(name) or "unknown" for name in column.astype(object)]
