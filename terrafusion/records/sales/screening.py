"""Sales screening: which sales show the market's price, and why the others do not.

After the IAAO's Standard on Verification and Adjustment of Sales (2020) and Standard on Ratio Studies (2013, part 2,
appendix A: sales that are not at arm's length, of several parcels or of changed property) and its appendix B for the
interquartile rule. Pure: a data frame in, a data frame and reasons out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from terrafusion.records.sales.rules import Rules

if TYPE_CHECKING:
    import pandas as pd

REASONS = {
    "no_date": "The sale has no date.",
    "future_date": "The sale is dated after the day as of which the sales are read.",
    "no_price": "The price is missing, zero or negative.",
    "below_lowest_price": "The price is below the price floor.",
    "above_highest_price": "The price is above the highest price.",
    "multi_parcel": "Several parcels were sold in one.",
    "not_arms_length": "The county's validity code says that it is not an arm's-length sale.",
    "deed_not_market": "The kind of deed seldom carries a market price.",
    "duplicate": "The same parcel, day and price are recorded already.",
    "flip": "Sold again soon after, with the property changed in between.",
    "resale_jump": "Sold again soon before or after, at a price that no market explains; no change is on record.",
    "built_later": "The building on record was built after the sale.",
    "outlier": "The price per square foot is far from that of its class in its year.",
}
"""In the order in which they are looked for: a sale is counted by the first that applies."""
MIN_OF_A_GROUP = 20  # sales, below which quartiles say little


@dataclass(frozen=True)
class Screened:
    """``kept`` are the sound sales; ``reasons`` has one for each sale of the input, empty for those that are kept;
    ``counts`` are the exclusions by reason."""

    kept: pd.DataFrame
    reasons: pd.Series[Any]
    counts: dict[str, int]

    def summary(self) -> dict[str, Any]:
        """As results show it: sales read, kept, and excluded by reason."""
        return {
            "sales": len(self.reasons),
            "kept": len(self.kept),
            "excluded": [
                {"reason": name, "sales": count, "meaning": REASONS[name]} for name, count in self.counts.items()
            ],
        }


def screen(sales: pd.DataFrame, rules: Rules, as_of: date) -> Screened:
    """Screens the sales of a frame as ``frame.read`` gives it.

    ``sale_date``, ``sale_price`` and ``parcel_number`` must be there; each other column is used where it is.
    """
    import pandas as pd

    reason = np.full(len(sales), "", dtype=object)
    day = sales["sale_date"]
    price = sales["sale_price"].to_numpy(dtype=float)

    def exclude(name: str, rows: pd.Series) -> None:
        reason[np.asarray(rows, dtype=bool) & (reason == "")] = name

    exclude("no_date", day.isna())
    exclude("future_date", day > pd.Timestamp(as_of))
    exclude("no_price", ~(price > 0))
    exclude("below_lowest_price", price < rules.min_price)
    if rules.max_price is not None:
        exclude("above_highest_price", price > rules.max_price)
    if "multi_parcel" in sales and not rules.multi_parcel:
        exclude("multi_parcel", sales["multi_parcel"])
    if "validity_code" in sales:
        code = _folded(sales["validity_code"])
        invalid = code.isin(_fold(rules.invalid_codes))
        exclude("not_arms_length", invalid | ~code.isin(_fold(rules.valid_codes)) if rules.valid_codes else invalid)
    if "deed_code" in sales:
        exclude("deed_not_market", _folded(sales["deed_code"]).isin(_fold(rules.excluded_deeds)))
    exclude("duplicate", sales.duplicated(["parcel_number", "sale_date", "sale_price"]))
    if rules.flip_days:
        flips, jumps = _quick_resales(sales, reason == "", rules)
        exclude("flip", flips)
        exclude("resale_jump", jumps)
    if "year_built" in sales:
        exclude("built_later", sales["year_built"].to_numpy(dtype=float) > day.dt.year.to_numpy(dtype=float))
    if rules.outlier_iqr:
        exclude("outlier", _outliers(sales, reason == "", rules.outlier_iqr))
    counts = {name: int(np.sum(reason == name)) for name in REASONS}
    return Screened(
        kept=sales[reason == ""],
        reasons=pd.Series(reason, index=sales.index, name="reason"),
        counts={name: count for name, count in counts.items() if count},
    )


def _quick_resales(sales: pd.DataFrame, candidate: pd.Series, rules: Rules) -> tuple[Any, Any]:
    """Of each two sales of a parcel within ``flip_days``: the earlier one where the property was changed since, and
    both where it was not, as far as the record says, and their prices differ by more than ``flip_rise``.

    It was changed when a living area differs between the two, or when the year built or effective year built on record
    is not before the year of the earlier sale.
    """
    number = sales["parcel_number"].astype("category").cat.codes.to_numpy()
    day = sales["sale_date"].to_numpy().astype("datetime64[D]")
    order = np.lexsort((day, number))
    order = order[candidate[order]]
    earlier, later = order[:-1], order[1:]
    gap = (day[later] - day[earlier]).astype(int)
    changed = np.zeros(len(earlier), dtype=bool)
    year = sales["sale_date"].dt.year.to_numpy(dtype=float)
    for name in ("year_built", "effective_year_built"):
        if name in sales:
            changed |= sales[name].to_numpy(dtype=float)[later] >= year[earlier]
    if "living_area_sqft" in sales:
        size = sales["living_area_sqft"].to_numpy(dtype=float)
        changed |= np.isfinite(size[later] - size[earlier]) & (size[later] != size[earlier])
    quick = (number[earlier] == number[later]) & (gap <= rules.flip_days)
    flips, jumps = np.zeros((2, len(sales)), dtype=bool)
    flips[earlier[quick & changed]] = True
    if rules.flip_rise:
        price = sales["sale_price"].to_numpy(dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            jump = quick & ~changed & (np.abs(np.log(price[later] / price[earlier])) > np.log1p(rules.flip_rise))
        jumps[earlier[jump]] = jumps[later[jump]] = True
    return flips, jumps


def _outliers(sales: pd.DataFrame, candidate: pd.Series, ranges: float) -> pd.Series:
    """Beyond so many interquartile ranges of the log price per square foot of living area, in its class and year.

    Sales without a living area are compared with each other by price. Groups of fewer than 20 sales are not compared.
    """
    import pandas as pd

    price = sales["sale_price"].to_numpy(dtype=float)
    size = np.full(len(sales), np.nan)
    if "living_area_sqft" in sales:
        size = sales["living_area_sqft"].to_numpy(dtype=float)
    sized = size > 0
    rate = np.log(np.where(candidate, price, 1.0) / np.where(sized, size, 1.0))
    keys: list[Any] = [sized, sales["sale_date"].dt.year.to_numpy()]
    if "property_class" in sales:
        keys.append(sales["property_class"].astype("category").cat.codes.to_numpy())
    groups = pd.Series(rate).where(candidate).groupby(keys)
    low, high = groups.transform("quantile", 0.25).to_numpy(), groups.transform("quantile", 0.75).to_numpy()
    spread = ranges * (high - low)
    enough = groups.transform("count").to_numpy() >= MIN_OF_A_GROUP
    return candidate & enough & ((rate < low - spread) | (rate > high + spread))


def _fold(texts: tuple[str, ...]) -> list[str]:
    return [text.strip().upper() for text in texts]


def _folded(column: pd.Series[Any]) -> pd.Series[Any]:
    """The column's texts as ``_fold`` makes them; each different text is folded once."""
    return column.astype("category").map(lambda text: str(text).strip().upper()).astype(object)
