"""Land + replacement cost new less depreciation (RCNLD), by age over economic life.

value = land + living area x rate x (1 - age / life) x market factor. The market factor is 1, or learned from sales:
what they paid for the building over its RCNLD, by class and neighborhood (IAAO, Property Assessment Valuation).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from valuation.cost.schedules import Schedules
from valuation.evidence import Evidence, evaluate, history_of, interval
from valuation.frames import Floats, Mask, Values, checked, values_of
from valuation.mass_appraisal.features import as_number, texts
from valuation.mass_appraisal.history import History

_AHEAD = 2  # years after the valuation date at which a year built is an error
_FIRST_YEAR = 1600
_SHRINK = 20.0  # sales that a group needs to count as much as the one above it
_FACTORS = (0.2, 5.0)


@dataclass(frozen=True)
class CostValues:
    """``lines``: the calculation of each property that is valued."""

    values: Values
    lines: pd.DataFrame


@dataclass(frozen=True)
class _Buildings:
    """``new``: replacement cost in dollars; ``lost``: the share that age has taken. NaN where it is not known."""

    area: Floats
    year: Floats
    rate: Floats
    life: Floats
    age: Floats
    new: Floats
    lost: Floats

    @classmethod
    def of(cls, schedules: Schedules, properties: pd.DataFrame, as_of: date) -> _Buildings:
        area, year = _positive(properties, "living_area_sqft"), _year(properties, as_of)
        rate = schedules.rate(properties, area)
        life, residual = schedules.life_of(properties)
        age = np.maximum(as_of.year - year, 0.0)
        return cls(area, year, rate, life, age, area * rate, np.minimum(age / life, 1 - residual / 100))

    @property
    def left(self) -> Floats:
        return self.new * (1 - self.lost)


@dataclass(frozen=True)
class CostApproach:
    """``factors`` by (class, neighborhood), (class, "") and ("", ""); empty where cost is not brought to the market."""

    schedules: Schedules
    as_of: date
    factors: dict[tuple[str, str], float]
    evidence: Evidence | None

    def value(self, properties: pd.DataFrame) -> CostValues:
        """A lot without a building is worth its land. Refused: no land rate, or a building whose area, year, cost rate
        or life is not known."""
        checked(properties)
        lot, its = _positive(properties, "lot_area_sqft"), _Buildings.of(self.schedules, properties, self.as_of)
        vacant = ~np.isfinite(its.area) & ~np.isfinite(its.year)
        land = self.schedules.land_value(properties, lot)
        factor = self._factor(properties)
        building = np.where(vacant, 0.0, its.left * factor)
        value = land + building
        refused = {
            "no_land_value": ~np.isfinite(land),
            "no_living_area": ~vacant & ~np.isfinite(its.area),
            "no_year_built": ~vacant & ~np.isfinite(its.year),
            "no_cost_rate": ~vacant & ~np.isfinite(its.rate),
            "no_life": ~vacant & ~np.isfinite(its.life),
        }
        low, high = interval(value, self.evidence)
        flags = {
            "vacant": vacant,
            "missing_characteristics": ~np.isfinite(lot),
            "no_evidence": np.full(len(value), self.evidence is None),
        }
        values = values_of(properties.index, value, low, high, flags, refused)
        lines = {
            "land_value": land,
            "living_area_sqft": its.area,
            "rate_per_sqft": its.rate,
            "replacement_cost_new": its.new,
            "effective_age_years": its.age,
            "economic_life_years": its.life,
            "depreciation_percent": 100 * its.lost,
            "depreciation": its.new * its.lost,
            "rcnld": its.left,
            **({"market_factor": factor} if self.factors else {}),
            "improvement_value": building,
            "value": value,
        }
        return CostValues(values, pd.DataFrame(lines, index=properties.index).loc[values.values.index])

    def _factor(self, properties: pd.DataFrame) -> Floats:
        if not self.factors:
            return np.ones(len(properties))
        kinds = zip(texts(properties, "property_class"), texts(properties, "neighborhood"), strict=True)
        everywhere = self.factors["", ""]
        return np.array([self.factors.get(kind, self.factors.get((kind[0], ""), everywhere)) for kind in kinds])


def depreciated(schedules: Schedules, properties: pd.DataFrame, as_of: date) -> Floats:
    """Replacement cost new less depreciation of the buildings; NaN where the tables or the records do not say."""
    return _Buildings.of(schedules, properties, as_of).left


def prepare(
    sales: pd.DataFrame, schedules: Schedules, as_of: date, *, calibrate: bool = False, confidence: float = 0.90
) -> CostApproach:
    """Evaluated on the last year's sales where there are enough; ``calibrate`` learns the market factors, and for that
    evaluation from earlier sales alone."""
    plain = CostApproach(schedules, as_of, {}, None)
    history = history_of(sales, as_of)
    if history is None:
        return plain

    def learned(by: History, rows: Mask) -> CostApproach:
        return replace(plain, factors=_factors(plain, by, rows) if calibrate else {})

    def values(by: History, rows: Mask) -> Callable[[pd.DataFrame], Values]:
        known = learned(by, rows)
        return lambda homes: known.value(homes).values

    evidence = evaluate(values, history, confidence)
    return replace(learned(history, np.ones(len(history.sales), dtype=bool)), evidence=evidence)


def _factors(plain: CostApproach, history: History, used: Mask) -> dict[tuple[str, str], float]:
    """Medians in logs, shrunk toward those of the class and the county where sales are few."""
    homes = history.sales[used]
    lines = plain.value(homes).lines
    place = homes.index.get_indexer(lines.index)
    price = np.exp(history.log_price[used][place])
    ratio = (price - lines["land_value"].to_numpy()) / lines["rcnld"].to_numpy()
    sound = np.isfinite(ratio) & (ratio > _FACTORS[0]) & (ratio < _FACTORS[1])
    if not sound.any():
        return {}
    sold = homes.loc[lines.index][sound]
    logs = pd.DataFrame(
        {
            "log": np.log(ratio[sound]),
            "class": texts(sold, "property_class").to_numpy(),
            "area": texts(sold, "neighborhood").to_numpy(),
        }
    )
    county = float(logs["log"].median())
    log_factors = {("", ""): county}
    for name, group in logs.groupby("class"):
        log_factors[str(name), ""] = of_class = _shrunk(group["log"], county)
        for area, part in group.groupby("area"):
            if area:
                log_factors[str(name), str(area)] = _shrunk(part["log"], of_class)
    return {kind: float(np.exp(log)) for kind, log in log_factors.items()}


def _shrunk(logs: pd.Series[Any], toward: float) -> float:
    return float((len(logs) * logs.median() + _SHRINK * toward) / (len(logs) + _SHRINK))


def _positive(frame: pd.DataFrame, name: str) -> Floats:
    number = as_number(frame, name) if name in frame else np.full(len(frame), np.nan)
    return np.where(number > 0, number, np.nan)


def _year(frame: pd.DataFrame, as_of: date) -> Floats:
    """The effective year built, else the year built; NaN where neither can be."""
    years = np.full(len(frame), np.nan)
    for name in ("year_built", "effective_year_built"):
        if name in frame:
            year = as_number(frame, name)
            sound = (year >= _FIRST_YEAR) & (year <= as_of.year + _AHEAD)
            years = np.where(sound, year, years)
    return years
