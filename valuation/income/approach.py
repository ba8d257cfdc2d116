"""Net operating income over a capitalization rate; where no rate is known, gross rent times a multiplier.

NOI = (potential gross income - vacancy + other income) - expenses - reserves; value = NOI / (cap rate + tax rate).
Taxes are loaded on the rate and not among the expenses (IAAO, Property Assessment Valuation, income approach).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from valuation.evidence import Evidence, evaluate, history_of, interval
from valuation.frames import Values, checked, values_of
from valuation.mass_appraisal.features import as_number
from valuation.rates import effective_on, pick, taken

_RENT_KEY = ("property_class", "use_code", "neighborhood", "quality")
_KEY = ("property_class", "use_code", "neighborhood")


@dataclass(frozen=True)
class IncomeTables:
    """Rows that are in force; ``of`` makes it of whole tables."""

    rents: pd.DataFrame
    rates: pd.DataFrame
    multipliers: pd.DataFrame

    @classmethod
    def of(cls, rents: pd.DataFrame, rates: pd.DataFrame, multipliers: pd.DataFrame, as_of: date) -> IncomeTables:
        return cls(*(effective_on(table, as_of) for table in (rents, rates, multipliers)))


@dataclass(frozen=True)
class IncomeValues:
    """``lines``: the calculation of each property that is valued."""

    values: Values
    lines: pd.DataFrame


@dataclass(frozen=True)
class IncomeApproach:
    tables: IncomeTables
    as_of: date
    evidence: Evidence | None = None

    def value(self, properties: pd.DataFrame) -> IncomeValues:
        """Refused: no rent table, area, rate or multiplier for the property, or expenses that leave nothing."""
        checked(properties)
        size = len(properties)
        area = as_number(properties, "living_area_sqft") if "living_area_sqft" in properties else np.full(size, np.nan)
        area = np.where(area > 0, area, np.nan)
        rent_rows = pick(properties, self.tables.rents, _RENT_KEY)
        rate_rows = pick(properties, self.tables.rates, _KEY)
        rates = self.tables.rates
        gross = area * taken(self.tables.rents, "rent_per_sqft_year", rent_rows)
        other = area * taken(self.tables.rents, "other_income_per_sqft_year", rent_rows)
        vacancy = gross * taken(rates, "vacancy_percent", rate_rows) / 100
        effective = gross - vacancy + other
        expenses = effective * taken(rates, "expense_percent", rate_rows) / 100
        reserves = area * taken(rates, "reserves_per_sqft_year", rate_rows)
        net = effective - expenses - reserves
        rate = taken(rates, "cap_rate_percent", rate_rows) + taken(rates, "tax_rate_percent", rate_rows)
        capitalized = net / (rate / 100)
        multiplier = taken(
            self.tables.multipliers, "gross_rent_multiplier", pick(properties, self.tables.multipliers, _KEY)
        )
        multiplied = gross * multiplier
        by_rate = np.isfinite(capitalized)
        value = np.where(by_rate, capitalized, multiplied)
        refused = {
            "no_income": ~np.isfinite(gross),
            "no_rates": ~np.isfinite(value),
            "negative_income": by_rate & (capitalized <= 0),
        }
        low, high = interval(value, self.evidence)
        flags = {"no_evidence": np.full(size, self.evidence is None)}
        values = values_of(properties.index, value, low, high, flags, refused)
        lines = {
            "method": np.where(by_rate, "direct_capitalisation", "gross_rent_multiplier"),
            "potential_gross_income": gross,
            "vacancy_loss": vacancy,
            "other_income": other,
            "effective_gross_income": effective,
            "expenses": expenses,
            "reserves": reserves,
            "net_operating_income": net,
            "cap_rate_percent": rate,
            "gross_rent_multiplier": multiplier,
            "value_by_multiplier": multiplied,
            "value": value,
        }
        return IncomeValues(values, pd.DataFrame(lines, index=properties.index).loc[values.values.index])


def prepare(sales: pd.DataFrame, tables: IncomeTables, as_of: date, *, confidence: float = 0.90) -> IncomeApproach:
    """Evaluated on the last year's sales of income property, where there are enough."""
    plain = IncomeApproach(tables, as_of)
    evidence = evaluate(lambda *_: lambda homes: plain.value(homes).values, history_of(sales, as_of), confidence)
    return replace(plain, evidence=evidence)
