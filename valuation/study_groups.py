"""The study of sales and of their groups, each by the level and the kind of its classes. Pure: a frame in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from valuation import ratio
from valuation.assessment import MARKET, Classes
from valuation.frames import Floats
from valuation.ratio import RatioStudy, Tier
from valuation.ratio.study import value_tiers
from valuation.ratio.trim import EXTREME

if TYPE_CHECKING:
    import pandas as pd

UNKNOWN = "unknown"


@dataclass(frozen=True)
class CountyStudy:
    """The study of all sales, without extreme ratios, and of each class, neighborhood and value tier.

    ``by_quality`` is the median ratio of each grade of building, by its name; empty where no sale has a grade.
    """

    overall: RatioStudy
    trimmed: RatioStudy
    by_class: dict[str, RatioStudy]
    by_neighborhood: dict[str, RatioStudy]
    by_tier: dict[str, RatioStudy]
    by_quality: dict[str, Tier]


def of_frame(sales: pd.DataFrame, classes: Classes = MARKET, error: float = 0.0) -> CountyStudy:
    """The study of a frame with the columns value, price, property_class and neighborhood; quality where known, and
    level: the share of market value that each value is stated at (without it, that of its class).

    Classes of several levels are studied together by their values over their levels, where 1 is at the level. ``error``
    as in ``ratio.study``.
    """
    sales = with_levels(sales, classes)
    value, level = stated(sales)
    price = sales["price"].to_numpy(dtype=float)
    return CountyStudy(
        overall=one(sales, classes, error=error),
        trimmed=one(sales, classes, trim=EXTREME, error=error),
        by_class=grouped(sales, names(sales["property_class"]), classes, error=error),
        by_neighborhood=grouped(sales, names(sales["neighborhood"]), classes, error=error),
        by_tier=grouped(sales, value_tiers(value / level, price) if len(sales) else [], classes, error=error),
        by_quality=_by_quality(sales, value, price, error),
    )


def one(sales: pd.DataFrame, classes: Classes, **more: Any) -> RatioStudy:
    """Of sales with a level each; ``more`` goes to ``ratio.study``."""
    kinds = {classes.of(name).kind for name in set(names(sales["property_class"]))}
    value, level = stated(sales)
    return ratio.study(
        value, sales["price"].to_numpy(dtype=float), kinds.pop() if len(kinds) == 1 else None, level=level, **more
    )


def grouped(sales: pd.DataFrame, groups: Sequence[str], classes: Classes, **more: Any) -> dict[str, RatioStudy]:
    """A study for each group; ``groups`` names the one of each sale."""
    labels = np.asarray(groups, dtype=object)
    return {str(name): one(sales[labels == name], classes, **more) for name in sorted(set(groups))}


def with_levels(sales: pd.DataFrame, classes: Classes) -> pd.DataFrame:
    """The frame with the column level."""
    if "level" in sales:
        return sales
    return sales.assign(level=levels(sales["property_class"], classes))


def levels(column: pd.Series[Any], classes: Classes) -> np.ndarray[Any, Any]:
    """The level of each class of a column."""
    by_class = {name: classes.of(name).level for name in set(names(column))}
    return np.array([by_class[name] for name in names(column)], dtype=float)


def stated(sales: pd.DataFrame) -> tuple[Any, float]:
    """Values and their level; values over their levels, and 1, where there are several."""
    value, level = sales["value"].to_numpy(dtype=float), sales["level"].to_numpy(dtype=float)
    several = np.unique(level)
    if several.size == 1:
        return value, float(several[0])
    return value / level, 1.0


def names(column: pd.Series[Any]) -> list[str]:
    """The texts of a column; those that are empty are unknown."""
    return [str(name) or UNKNOWN for name in column.astype(object)]


def _by_quality(sales: pd.DataFrame, value: object, price: Floats, error: float) -> dict[str, Tier]:
    if "quality" not in sales or not (sales["quality"].astype(object) != "").any():
        return {}
    return ratio.medians_by_group(value, price, names(sales["quality"]), error)
