"""The county's cost tables, and what they say of a property."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from valuation.frames import Floats
from valuation.rates import Rows, effective_on, pick, taken

COST_KEY = ("property_class", "use_code", "quality")
LIFE_KEY = ("property_class", "use_code", "quality", "condition")
LAND_KEY = ("neighborhood", "property_class", "use_code", "zoning")


@dataclass(frozen=True)
class Schedules:
    """Rows that are in force; ``of`` makes it of whole tables."""

    cost: pd.DataFrame
    life: pd.DataFrame
    land: pd.DataFrame

    @classmethod
    def of(cls, cost: pd.DataFrame, life: pd.DataFrame, land: pd.DataFrame, as_of: date) -> Schedules:
        return cls(*(effective_on(table, as_of) for table in (cost, life, land)))

    def rate(self, properties: pd.DataFrame, area: Floats) -> Floats:
        """Dollars a square foot for a building of the area: straight between the sizes of the table, the nearest size's
        beyond them. The local multiplier is in it."""
        per_property = np.full(len(properties), np.nan)
        if not len(self.cost):
            return per_property
        curves = [curve for _, curve in self.cost.groupby([*COST_KEY, "effective_from"], sort=False)]
        heads = pd.DataFrame([curve.iloc[0] for curve in curves]).sort_values("effective_from", kind="stable")
        heads = heads.assign(curve=heads.index.map({curve.index[0]: n for n, curve in enumerate(curves)}))
        chosen: Rows = pick(properties, heads, COST_KEY)
        for row in np.unique(chosen[chosen >= 0]):
            curve = curves[int(heads["curve"].iloc[row])].sort_values("size_sqft")
            rates = curve["rate_per_sqft"] * curve["local_multiplier"]
            mine = chosen == row
            per_property[mine] = np.interp(area[mine], curve["size_sqft"], rates)
        return per_property

    def life_of(self, properties: pd.DataFrame) -> tuple[Floats, Floats]:
        """Economic life in years, and the percent that is never lost."""
        rows = pick(properties, self.life, LIFE_KEY)
        return taken(self.life, "economic_life_years", rows), taken(self.life, "residual_percent", rows)

    def land_value(self, properties: pd.DataFrame, lot: Floats) -> Floats:
        """The base lot's value, and dollars for more or less than it; the base lot's alone where the lot is unknown."""
        rows = pick(properties, self.land, LAND_KEY)
        base = taken(self.land, "base_lot_sqft", rows)
        more = np.where(np.isfinite(lot), lot - base, 0.0)
        rate = np.where(
            more >= 0, taken(self.land, "excess_rate_per_sqft", rows), taken(self.land, "short_rate_per_sqft", rows)
        )
        values: Floats = np.maximum(taken(self.land, "base_value", rows) + more * rate, 0.0)
        return values
