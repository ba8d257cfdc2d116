"""Several approaches made one value: the weights that make it err least on sales that no approach had seen. Pure.

Of the approaches' errors on the holdout sales, in logs of the price, the mean squares and products are taken: those
of a neighborhood are shrunk toward its class's where sales are few, and those toward the county's. The weights, none
below 0, are those with the least squared error of the weighted mean (Bates and Granger 1969). What the approaches err
together changes no weight: neither the noise of prices nor what none of them knows of a home.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from valuation import ratio
from valuation.frames import Floats, Mask, Values, values_of
from valuation.intervals import reach
from valuation.mass_appraisal.features import texts
from valuation.rates import Rows

_SHRINK = 300.0  # sales that a group needs to count as much as the one above it
_BEST = 0.02  # each approach errs by this of its own, in logs, whatever the sales say
_EVEN = 0.5  # how far weights lie from equal ones, before anything is known
_WORST = 1.0  # an error in logs; larger ones say no more
_APART = 0.25
_COUNTS = 0.10  # weight from which on an approach is asked whether it differs
_MIN_FOR_PRB = 30
_MIN_FOR_ENDS = 100
_TIMES = (0.7, 1.3)
_Kind = tuple[str, str]


@dataclass(frozen=True)
class Reconciled:
    """``shares``: each approach's part in each value, a row a property; they sum to 1."""

    values: Values
    shares: pd.DataFrame


@dataclass(frozen=True)
class Weights:
    """``moments``: the mean squares and products of the errors of the ``approaches``, by (class, neighborhood),
    (class, "") and ("", ""), and what keeps weights of few sales near equal ones. ``low`` and ``high`` are what the
    mean of the approaches' intervals is to be multiplied by, in logs."""

    approaches: tuple[str, ...]
    moments: dict[_Kind, Floats]
    rows: list[dict[str, Any]]
    low: float = 1.0
    high: float = 1.0

    def table(self) -> list[dict[str, Any]]:
        """What the weights come from, to be shown: class, method, sales, COD, median ratio, PRB."""
        return self.rows

    def apply(self, values: Mapping[str, Values], properties: pd.DataFrame) -> Reconciled:
        """Of the approaches that value a property. One without evidence has no weight, unless it stands alone."""
        index, names = properties.index, list(values)
        dollars = {name: of_method.values.reindex(index) for name, of_method in values.items()}
        value = np.column_stack([frame["value"].to_numpy(dtype=float) for frame in dollars.values()])
        there = np.isfinite(value)
        share = self._shares(names, there, properties)
        low, high = (
            np.column_stack([frame[end].to_numpy(dtype=float) for frame in dollars.values()]) for end in ("low", "high")
        )
        together = np.nansum(share * np.where(there, value, 0.0), axis=1)
        used = share > 0
        spread = np.where(there & (share >= _COUNTS), value, np.nan)
        with np.errstate(invalid="ignore"):
            differ = _range(spread) > _APART * together
        flags = {
            **_all_flags(values, index, used),
            "one_approach": used.sum(axis=1) == 1,
            "approaches_differ": np.nan_to_num(differ).astype(bool),
        }
        # How far the errors of the approaches go together is seen on holdout sales.
        ends = [np.nansum(share * np.where(there, end, 0.0), axis=1) for end in (low, high)]
        known = np.where(together > 0, together, 1.0)
        ends = [
            together * (np.where(together > 0, end, 1.0) / known) ** times
            for end, times in zip(ends, (self.low, self.high), strict=True)
        ]
        valued = values_of(index, together, ends[0], ends[1], flags, {"no_approach": ~there.any(axis=1)})
        shares = pd.DataFrame(share, index=index, columns=names).loc[valued.values.index]
        return Reconciled(valued, shares)

    def together(self, frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame | None:
        """Calibration or holdout sales of the approaches with the reconciled value, low and high; None without any."""
        if not frames:
            return None
        every = pd.concat(frames.values())
        every = every[~every.index.duplicated()].sort_index()
        values = self.apply({name: _as_values(frame, every.index) for name, frame in frames.items()}, every).values
        dollars = values.values
        return every.loc[dollars.index].assign(**{name: dollars[name] for name in ("value", "low", "high")})

    def _shares(self, names: list[str], there: Mask, properties: pd.DataFrame) -> Floats:
        """A row's weights of the approaches that are ``there``; equal ones where none of them has evidence."""
        places = [names.index(name) for name in self.approaches if name in names]
        known = [name in names for name in self.approaches]
        shares = np.zeros(there.shape)
        alone = ~there[:, places].any(axis=1)
        shares[alone] = there[alone] / np.maximum(there[alone].sum(axis=1), 1)[:, None]
        cells = pd.DataFrame(there[:, places])
        cells["class"], cells["area"] = (
            texts(properties, name).to_numpy() for name in ("property_class", "neighborhood")
        )
        for (*present, kind, area), rows in cells[~alone].groupby(list(cells), sort=False).groups.items():
            moments = self._moments(str(kind), str(area))[np.ix_(known, known)]
            shares[np.ix_(rows, places)] = _best(moments, np.flatnonzero(present))
        return shares

    def _moments(self, kind: str, area: str) -> Floats:
        every = self.moments
        return every.get((kind, area), every.get((kind, ""), every["", ""]))


def weigh(calibration_sales: Mapping[str, pd.DataFrame | None], confidence: float = 0.9) -> Weights:
    """``calibration_sales``: value, low, high, price, property_class and neighborhood of the sales that each approach
    was calibrated to; None for one that was not. ``confidence`` is that of the intervals."""
    frames = {name: frame for name, frame in calibration_sales.items() if frame is not None and len(frame)}
    if not frames:
        return Weights((), {}, [])
    error = pd.DataFrame({name: np.log(frame["value"] / frame["price"]) for name, frame in frames.items()})
    error = error.clip(-_WORST, _WORST)
    every = pd.concat(frames.values())
    every = every[~every.index.duplicated()].loc[error.index]
    areas = texts(every, "neighborhood")
    county = _shrunk(error, np.zeros((len(frames), len(frames))), 0.0)
    # Weights shrunk toward equal ones as their estimate is uncertain: the ridge of a regression on few sales.
    own = (_BEST**2 + county.diagonal().min() / (_EVEN**2 * len(error))) * np.eye(len(frames))
    moments = {("", ""): _sound(county) + own}
    rows: list[dict[str, Any]] = []
    for kind, group in error.groupby(texts(every, "property_class")):
        of_class = _shrunk(group, county)
        moments[str(kind), ""] = _sound(of_class) + own
        for area, part in group.groupby(areas[group.index]):
            moments[str(kind), str(area)] = _sound(_shrunk(part, of_class)) + own
        rows += _rows(str(kind), group, frames, moments[str(kind), ""])
    averaged = Weights(tuple(frames), moments, rows)
    low, high = _times(averaged.together(frames), confidence)
    return replace(averaged, low=low, high=high)


def _rows(kind: str, error: pd.DataFrame, frames: Mapping[str, pd.DataFrame], moments: Floats) -> list[dict[str, Any]]:
    """What the table says of each approach that values the class; ``weight`` is that where all of them do."""
    there = error.notna().any().to_numpy()
    weights = dict(zip(error, _best(moments, np.flatnonzero(there)), strict=True))
    rows = []
    for name in error.columns[there]:
        frame = frames[name].loc[error[name].dropna().index]
        value, price = frame["value"].to_numpy(dtype=float), frame["price"].to_numpy(dtype=float)
        rows.append(
            {
                "property_class": kind,
                "method": name,
                "sales": len(frame),
                "median": ratio.median(value, price),
                "cod": ratio.cod(value, price),
                "prb": ratio.prb(value, price) if len(frame) >= _MIN_FOR_PRB else None,
                "weight": float(weights[name]),
            }
        )
    return rows


def _shrunk(error: pd.DataFrame, toward: Floats, shrink: float = _SHRINK) -> Floats:
    """Mean squares and products of a group's errors, each over the sales that both approaches value, shrunk ``toward``
    those of the group above; no product is known of approaches that value no sale together."""
    known = error.notna().to_numpy(dtype=float)
    off = error.fillna(0.0).to_numpy()
    return np.asarray((off.T @ off + shrink * toward) / np.maximum(known.T @ known + shrink, 1.0))


def _best(moments: Floats, places: Rows) -> Floats:
    """Weights of the approaches at ``places``, 0 of the others: at least 0, together 1, and with the least squared
    error. Each set of approaches is tried, and passed over where one of them would take a weight below 0."""
    weights, smallest = np.zeros(len(moments)), np.inf
    for count in range(1, len(places) + 1):
        for some in map(list, combinations(places, count)):
            part = moments[np.ix_(some, some)]
            weight = np.linalg.solve(part, np.ones(count))
            weight /= weight.sum()
            error = float(weight @ part @ weight)
            if (weight >= 0).all() and error < smallest:
                weights, smallest = np.zeros(len(moments)), error
                weights[some] = weight
    return weights


def _sound(moments: Floats) -> Floats:
    """The nearest matrix that can be one of squares and products: its entries come of different sales."""
    values, vectors = np.linalg.eigh(moments)
    return np.asarray(vectors * np.maximum(values, 0.0) @ vectors.T)


def _times(held: pd.DataFrame | None, confidence: float) -> tuple[float, float]:
    """What makes the averaged intervals hold as many prices as they should; 1 where sales are few."""
    if held is None or len(held) < _MIN_FOR_ENDS:
        return 1.0, 1.0
    away = np.log((held["price"] / held["value"]).to_numpy(dtype=float))
    ends = {name: np.abs(np.log((held[name] / held["value"]).to_numpy(dtype=float))) for name in ("low", "high")}
    half = np.maximum(np.where(away < 0, ends["low"], ends["high"]), 1e-6)
    low, high = reach(away / half, confidence)
    return float(np.clip(-low, *_TIMES)), float(np.clip(high, *_TIMES))


def _as_values(frame: pd.DataFrame, index: pd.Index[Any]) -> Values:
    there, none = index.intersection(frame.index), index.difference(frame.index)
    return Values(
        values=frame.loc[there, ["value", "low", "high"]],
        flags=pd.Series([()] * len(there), index=there, dtype=object),
        refused=pd.Series("no_approach", index=none, dtype=object),
    )


def _range(values: Floats) -> Floats:
    """Largest less smallest of each row; 0 where there is none."""
    high = np.where(np.isfinite(values), values, -np.inf).max(axis=1)
    low = np.where(np.isfinite(values), values, np.inf).min(axis=1)
    widths: Floats = np.where(high >= low, high - low, 0.0)
    return widths


def _all_flags(values: Mapping[str, Values], index: pd.Index[Any], used: Mask) -> dict[str, Any]:
    """The flags of the approaches that have a part in a value."""
    masks: dict[str, Any] = {}
    for column, one in enumerate(values.values()):
        for place, codes in zip(index.get_indexer(one.flags.index), one.flags, strict=True):
            for code in codes:
                if used[place, column]:
                    masks.setdefault(code, np.zeros(len(index), dtype=bool))[place] = True
    return masks
