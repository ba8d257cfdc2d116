"""Characteristics as the numbers that models read; impossible ones become unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from valuation.frames import Floats, Mask

_PLUMBING = frozenset(
    {"sale", "sale_id", "sale_date", "sale_price", "deed_code", "validity_code", "multi_parcel", "parcel_number"}
    | {"longitude", "latitude", "exemptions", "tax_year"}
)
_MONEY = re.compile(r"value|price|assess|apprais|(^|_)tax(es)?(_|$)", re.IGNORECASE)
_IDENTITY = re.compile(r"(^|_)(id|key|pin|apn|fid|gid|uuid|guid|rowid|objectid|row)$", re.IGNORECASE)
RISING = frozenset({"living_area_sqft", "lot_area_sqft", "bedrooms", "bathrooms", "effective_year_built"})
"""Of which more, all else the same, never counts against a property where its value is explained. With the area held
fixed a regression often finds that a further bedroom costs (the rooms get small), which no owner would accept."""
_CATEGORIES = frozenset(("property_class", "use_code", "zoning", "neighborhood", "condition"))
_MOSTLY = 0.8
_MIN_OF_A_LEVEL = 10  # a category with fewer sales is not distinguished from unknown
_METERS = 111_320.0  # in a degree of latitude
_FIRST_YEAR = 1600.0
_FAR = 10.0  # times the 99.9 % point of the sales: an error of the record
_NINES = re.compile(r"9{2,}(\.0)?")
_LEAK = 0.995  # correlation with the log price above which a column is taken for the price itself


@dataclass(frozen=True)
class NumericColumn:
    """A numeric column: what is believed of it, and where nearly all sales lie."""

    lowest: float
    highest: float
    usual: tuple[float, float]
    center: float
    nines: float  # a number of nines only is a code for unknown from here on
    unknown: float  # share of the sales


@dataclass(frozen=True)
class Encoder:
    """``numbers`` are columns taken as they are, ``levels`` the known categories of the others in the order of their
    median price; ``box`` holds the sales: west, south, east, north, in degrees. ``left_out`` gives the reason for each
    column that is not used. A text of digits, such as a zip code, is a number and a category: nobody knows whether its
    order means anything, unless the county has said so in ``directions``: 1 for a number with which values may only
    rise, -1 for one with which they may only fall.

    What one model learned in these columns and codes means nothing in those of another encoder: all models of a
    valuation date share one.
    """

    numbers: dict[str, NumericColumn]
    levels: dict[str, dict[str, int]]
    box: tuple[float, float, float, float] | None
    left_out: dict[str, str]
    scale: tuple[tuple[float, float], ...] = ()  # center and spread of each column of ``static``
    directions: Mapping[str, int] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The characteristic that each column of ``matrix`` is of."""
        return [*self.numbers, *self.levels, *self._years]

    @property
    def _years(self) -> list[str]:
        return [name for name, number in self.numbers.items() if number.lowest == _FIRST_YEAR]

    @property
    def column_directions(self) -> list[int]:
        """That of each column of ``matrix``, 0 for either; an age goes against its year."""
        of = self.directions.get
        return [
            *(of(name, 0) for name in self.numbers),
            *(0 for _ in self.levels),
            *(-of(name, 0) for name in self._years),
        ]

    def matrix(self, frame: pd.DataFrame, year: Floats) -> Floats:
        """A column for each characteristic, then each year's age in the ``year`` of the sale or the valuation; NaN for
        missing, impossible and unknown ones.

        The age is below 1 where the land was sold, or stood, without the building on record.
        """
        ages = [year - self._clean(frame, name) for name in self._years]
        return np.column_stack([self.static(frame), *ages])

    def static(self, frame: pd.DataFrame) -> Floats:
        """The columns of ``matrix`` that are the same in each year."""
        columns = [self._clean(frame, name) for name in self.numbers]
        columns += [self.codes(frame, name) for name in self.levels]
        return np.column_stack(columns) if columns else np.empty((len(frame), 0))

    def codes(self, frame: pd.DataFrame, name: str) -> Floats:
        """The rank of each row's category; NaN for an unknown one."""
        return np.asarray(texts(frame, name).map(self.levels[name]).to_numpy(dtype=float, na_value=np.nan))

    def scaled(self, frame: pd.DataFrame) -> Floats:
        """``static``, centered and scaled; 0 where unknown."""
        own = self.static(frame)
        center, spread = np.array(self.scale).reshape(-1, 2).T
        return np.where(np.isfinite(own), (own - center) / spread, 0.0)

    def places(self, frame: pd.DataFrame) -> Floats:
        """East and north in meters; NaN for what has no place, or one far from all sales."""
        positions = np.full((len(frame), 2), np.nan)
        if self.box is None or "longitude" not in frame or "latitude" not in frame:
            return positions
        west, south, east, north = self.box
        longitude, latitude = as_number(frame, "longitude"), as_number(frame, "latitude")
        reach = max(east - west, north - south, 0.05)
        inside = (longitude > west - reach) & (longitude < east + reach)
        inside &= (latitude > south - reach) & (latitude < north + reach)
        positions[inside, 0] = (longitude[inside] - west) * _METERS * np.cos(np.radians((south + north) / 2))
        positions[inside, 1] = (latitude[inside] - south) * _METERS
        return positions

    def flags(self, frame: pd.DataFrame) -> dict[str, Any]:
        """Masks by the codes of ``flags.MEANINGS``."""
        absurd = np.zeros(len(frame), dtype=bool)
        unlike = absurd.copy()
        missing = np.zeros(len(frame))
        for name, number in self.numbers.items():
            raw, clean = as_number(frame, name), self._clean(frame, name)
            absurd |= np.isfinite(raw) & ~np.isfinite(clean)
            missing += ~np.isfinite(clean)
            unlike |= (clean < number.usual[0]) | (clean > number.usual[1])
        return {
            "absurd_characteristic": absurd,
            "missing_characteristics": missing > len(self.numbers) / 2 if self.numbers else absurd,
            "unlike_the_sales": unlike,
            "no_place": ~np.isfinite(self.places(frame)).all(axis=1) if self.box else np.zeros(len(frame), dtype=bool),
        }

    def _clean(self, frame: pd.DataFrame, name: str) -> Floats:
        cleaned = as_number(frame, name)
        number = self.numbers[name]
        cleaned[(cleaned < number.lowest) | (cleaned > number.highest)] = np.nan
        if np.isfinite(number.nines):
            large = np.flatnonzero(cleaned >= number.nines)
            coded = [row for row in large if _NINES.fullmatch(f"{cleaned[row]:.0f}")]
            cleaned[coded] = np.nan
        return cleaned


def learn(
    sales: pd.DataFrame, as_of: date, priced: Mask | None = None, directions: Mapping[str, int] | None = None
) -> Encoder:
    """The characteristics that distinguish these sales. Only the prices of those in ``priced`` are looked at, so that
    the same encoder serves a model that must not know the others. ``directions`` as in ``Encoder``, of any name."""
    ordered = directions or {}
    priced = np.ones(len(sales), dtype=bool) if priced is None else priced
    log_price = np.where(priced, np.log(sales["sale_price"].to_numpy(dtype=float)), np.nan)
    numbers: dict[str, NumericColumn] = {}
    levels: dict[str, dict[str, int]] = {}
    left_out: dict[str, str] = {}
    for name in map(str, sales.columns):
        if name in _PLUMBING:
            continue
        if _MONEY.search(name):
            left_out[name] = "It reads like a price or an assessment."
        elif _IDENTITY.search(name) or pd.api.types.is_datetime64_any_dtype(sales[name]):
            left_out[name] = "It reads like an identity or a date."
        elif (name not in _CATEGORIES or name in ordered) and (number := _number(sales, name, as_of)) is not None:
            known = as_number(sales, name)
            inside = (known >= number.lowest) & (known <= number.highest)
            if np.ptp(known[inside]) == 0:
                left_out[name] = "It is the same for all sales."
            elif _repeats(known[inside & priced], log_price[inside & priced]):
                left_out[name] = "It is the price in other words."
            else:
                numbers[name] = number
                if name not in ordered and _are_codes(sales, name):
                    levels[name] = _levels(texts(sales, name), log_price)
        else:
            levels[name] = _levels(texts(sales, name), log_price)
            if len(levels[name]) < 2:
                left_out[name] = f"No two categories have {_MIN_OF_A_LEVEL} sales."
                del levels[name]
    held = {name: ordered[name] for name in numbers if name in ordered}
    encoder = Encoder(numbers, levels, _box(sales), left_out, directions=held)
    return replace(encoder, scale=_scale(encoder.static(sales)))


def directions(names: Sequence[str], more: Mapping[str, int]) -> list[int]:
    """For the columns of ``Encoder.names``: 1 where the value may only rise, -1 where it may only fall, 0 for either.
    ``more`` stands before ``RISING``.

    A name's second column is the age in the place of the year.
    """
    of = dict.fromkeys(RISING, 1) | dict(more)
    return [of.get(name, 0) * (-1 if name in names[:place] else 1) for place, name in enumerate(names)]


def as_number(frame: pd.DataFrame, name: str) -> Floats:
    """The column as numbers of its own copy; NaN where it has none."""
    if name not in frame:
        return np.full(len(frame), np.nan)
    number = np.array(pd.to_numeric(frame[name].astype(object), errors="coerce"), dtype=float)
    number[~np.isfinite(number)] = np.nan
    return number


def texts(frame: pd.DataFrame, name: str) -> pd.Series[Any]:
    """The column as texts; whole numbers without a fraction, empty where unknown."""
    if name not in frame:
        return pd.Series("", index=frame.index, dtype=object)
    column = frame[name]
    if pd.api.types.is_numeric_dtype(column):
        return pd.Series(["" if pd.isna(one) else f"{one:.15g}" for one in column.astype(float)], index=frame.index)
    return column.astype("category").map(lambda one: str(one).strip()).astype(object).fillna("")


def _number(sales: pd.DataFrame, name: str, as_of: date) -> NumericColumn | None:
    """What to believe of a column; None when it is no numbers."""
    number = as_number(sales, name)
    known = np.isfinite(number)
    given = (texts(sales, name) != "").sum() if not pd.api.types.is_numeric_dtype(sales[name]) else known.sum()
    if not known.any() or known.sum() < given / 2:
        return None
    lowest, highest = -np.inf, np.inf
    if re.search(r"year", name) and np.median(number[known]) > _FIRST_YEAR:
        lowest, highest = _FIRST_YEAR, as_of.year + 2.0
    elif re.search(r"area|sqft|sq_ft|acres", name):
        lowest = np.nextafter(0, 1)
    if np.quantile(number[known], 0.01) >= 0:
        lowest = max(lowest, 0.0)
    sound = number[known & (number >= lowest) & (number <= highest)]
    if not len(sound):
        return None
    low, high = np.quantile(sound, [0.005, 0.995])
    top = float(np.quantile(sound, 0.999))
    if lowest >= 0 and top > 0:
        highest = min(highest, _FAR * top)
    nines = 3 * float(np.quantile(sound, 0.95)) if lowest >= 0 else np.inf
    return NumericColumn(
        float(lowest),
        float(highest),
        (float(low), float(high)),
        float(np.median(sound)),
        nines,
        1 - len(sound) / len(number),
    )


def _are_codes(sales: pd.DataFrame, name: str) -> bool:
    """Is it a text of digits, nearly all of which stand for a category with enough sales?"""
    if name in RISING or pd.api.types.is_numeric_dtype(sales[name]):
        return False
    known = texts(sales, name)
    count = known[known != ""].value_counts()
    return bool(len(count) > 1 and count[count >= _MIN_OF_A_LEVEL].sum() >= _MOSTLY * count.sum())


def _repeats(known: Floats, log_price: Floats) -> bool:
    """Is the column the price in other words?"""
    if len(known) <= 10 or np.ptp(known) == 0:
        return False
    return bool(abs(np.corrcoef(known, log_price)[0, 1]) > _LEAK)


def _levels(kinds: pd.Series[Any], log_price: Floats) -> dict[str, int]:
    """By the median of the known prices; levels without one come last, by name."""
    price = pd.Series(log_price).groupby(kinds.to_numpy()).agg(["median", "size"])
    order = price[(price["size"] >= _MIN_OF_A_LEVEL) & (price.index != "")].sort_values("median", kind="stable")
    return {str(level): code for code, level in enumerate(order.index)}


def _scale(own: Floats) -> tuple[tuple[float, float], ...]:
    known = np.isfinite(own)
    filled = np.where(known, own, 0.0)
    total = np.maximum(known.sum(axis=0), 1)
    center = filled.sum(axis=0) / total
    spread = np.sqrt((((filled - center) * known) ** 2).sum(axis=0) / total)
    return tuple(zip(center.tolist(), np.where(spread > 0, spread, 1.0).tolist(), strict=True))


def _box(sales: pd.DataFrame) -> tuple[float, float, float, float] | None:
    longitude, latitude = as_number(sales, "longitude"), as_number(sales, "latitude")
    sound = (np.abs(longitude) <= 180) & (np.abs(latitude) <= 90) & ~((longitude == 0) & (latitude == 0))
    if sound.sum() < 30:
        return None
    west, east = np.quantile(longitude[sound], [0.001, 0.999])
    south, north = np.quantile(latitude[sound], [0.001, 0.999])
    return float(west), float(south), float(east), float(north)
