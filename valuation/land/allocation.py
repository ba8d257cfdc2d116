"""The land's part of values: from the county's land table, else sales of land, else abstraction, else allocation.

Where none of these says anything, there is no land value. It is never above the whole. (IAAO, Property Assessment
Valuation: the sales comparison, abstraction and allocation methods of land valuation.)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from valuation import cost
from valuation.classes import set_for
from valuation.cost.schedules import Schedules
from valuation.evidence import history_of
from valuation.frames import Floats
from valuation.land import lots, sources
from valuation.land.lots import Lots
from valuation.mass_appraisal.features import as_number, texts

_LAND_SALES, _ABSTRACTED = 5, 10  # of a neighborhood at least
_FOR_SHARES = 20  # homes of a class in neighborhoods with land sales
_MAX_WITHOUT_BUILDING = 0.5  # of the sales; beyond, the records do not say what has a building
_OF_A_BUILDING = ("living_area_sqft", "year_built", "effective_year_built", "stories", "bedrooms", "bathrooms")
_VACANT = r"\bvacant\b|\bbare\b|\bunimproved\b|\bland only\b"

Texts = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Allocated:
    """By property: the land's dollars (NaN where nothing supports any), the code of its source
    (``sources.MEANINGS``), and whether the source gave more than the whole."""

    land: Floats
    source: Texts
    above: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Allocation:
    """``shares`` of land in the price by class, as sales show it; ``set_shares``, as the county has set it, stand
    before them. What a run cannot use is None or empty."""

    schedules: Schedules | None = None
    land_sales: Lots | None = None
    abstracted: Lots | None = None
    shares: dict[str, float] = field(default_factory=dict)
    records_buildings: bool = True
    set_shares: Mapping[str, float] = field(default_factory=dict)

    def split(self, properties: pd.DataFrame, value: Floats) -> Allocated:
        """The land of properties that are worth ``value``; of a lot without a building all of it."""
        area, names = as_number(properties, "lot_area_sqft"), _texts(properties, "neighborhood")
        classes = _texts(properties, "property_class")
        land, source = np.full(len(properties), np.nan), np.full(len(properties), sources.NONE, dtype=object)
        for code, dollars in (
            (sources.VACANT, np.where(_vacant(properties, recorded=self.records_buildings), value, np.nan)),
            (sources.TABLE, self._by_table(properties, area)),
            (sources.SALES, self.land_sales.worth(area, names) if self.land_sales else None),
            (sources.ABSTRACTION, self.abstracted.worth(area, names) if self.abstracted else None),
            (sources.COUNTY_SHARE, value * _by_class(classes, lambda kind: set_for(self.set_shares, kind))),
            (sources.ALLOCATION, value * _by_class(classes, self.shares.get)),
        ):
            if dollars is None:
                continue
            mine = ~np.isfinite(land) & np.isfinite(dollars)
            land[mine], source[mine] = dollars[mine], code
        known = np.isfinite(value)
        land, source = np.where(known, land, np.nan), np.where(known, source, "")
        with np.errstate(invalid="ignore"):
            above = land > value
        return Allocated(np.where(above, value, land), source, above)

    def as_json(self) -> dict[str, object]:
        """What the run knows of land, for its summary."""
        result: dict[str, object] = {"land_table": self.schedules is not None and len(self.schedules.land) > 0}
        for name, known in ((sources.SALES, self.land_sales), (sources.ABSTRACTION, self.abstracted)):
            if known is not None:
                about = {"sales": known.sales, "neighborhoods": len(known.levels)}
                result[name] = about | {"elasticity": round(known.elasticity, 3)}
        shares = {kind: round(share, 3) for kind, share in self.shares.items()}
        return result | {"shares": shares, "set_shares": dict(self.set_shares)}

    def _by_table(self, properties: pd.DataFrame, area: Floats) -> Floats | None:
        if self.schedules is None or not len(self.schedules.land):
            return None
        return self.schedules.land_value(properties, np.where(area > 0, area, np.nan))


def prepare(
    sales: pd.DataFrame, schedules: Schedules | None, as_of: date, set_shares: Mapping[str, float] | None = None
) -> Allocation:
    """From screened sales up to ``as_of``, the county's own tables (no examples), and the shares that it has set."""
    set_shares = set_shares or {}
    history = history_of(sales, as_of)
    if history is None:
        return Allocation(schedules, set_shares=set_shares)
    sold, price = history.sales, np.exp(history.log_price)
    recorded = _without_building(sold).mean() <= _MAX_WITHOUT_BUILDING
    vacant = _vacant(sold, recorded=recorded)
    area, names = as_number(sold, "lot_area_sqft"), _texts(sold, "neighborhood")
    land_sales = lots.learn(price[vacant], area[vacant], names[vacant], _LAND_SALES)
    shares = _shares(land_sales, sold[~vacant], price[~vacant])
    abstracted = None
    if schedules is not None and len(schedules.cost) and len(schedules.life):
        left = price - cost.depreciated(schedules, sold, as_of)
        abstracted = lots.learn(left[~vacant], area[~vacant], names[~vacant], _ABSTRACTED)
    return Allocation(schedules, land_sales, abstracted, shares, recorded, set_shares)


def _shares(land_sales: Lots, homes: pd.DataFrame, price: Floats) -> dict[str, float]:
    """The median share of land in the prices of homes whose neighborhood has land sales, by class."""
    land = land_sales.worth(as_number(homes, "lot_area_sqft"), _texts(homes, "neighborhood"))
    frame = pd.DataFrame({"class": _texts(homes, "property_class"), "share": np.minimum(land / price, 1.0)})
    result = frame.dropna().groupby("class")["share"].agg(["median", "count"])
    return {str(kind): float(one) for kind, one in result["median"][result["count"] >= _FOR_SHARES].items()}


def _vacant(frame: pd.DataFrame, *, recorded: bool) -> npt.NDArray[np.bool_]:
    """What has no building. Where the records hardly know buildings, only what is called vacant."""
    called = np.zeros(len(frame), dtype=bool)
    for name in ("property_class", "use_code", "use_description"):
        called |= pd.Series(_texts(frame, name), dtype=str).str.contains(_VACANT, case=False).to_numpy(dtype=bool)
    return np.asarray(called | _without_building(frame)) if recorded else called


def _without_building(frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Of which nothing is on record that only a building has."""
    building = np.zeros(len(frame), dtype=bool)
    for name in _OF_A_BUILDING:
        building |= as_number(frame, name) > 0
    return ~building


def _by_class(classes: Texts, share: Callable[[str], float | None]) -> Floats:
    """The share of each class; NaN where there is none."""
    return np.array([np.nan if (one := share(kind)) is None else one for kind in classes], dtype=float)


def _texts(frame: pd.DataFrame, name: str) -> Texts:
    return np.asarray(texts(frame, name), dtype=object)
