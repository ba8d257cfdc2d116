"""Several approaches made one value: each weighted by how well it did on sales that it had not seen. Pure.

The weight of an approach is one over the square of its mean error, in shares of the price, on the held-back sales of
that class and neighborhood; where these are few it is drawn towards the class's error, and that towards the county's.
An approach that treats dear and cheap properties unlike counts less for it: the square is multiplied by
1 + (PRB / 0.025)^2, PRB being that of the class and 0.025 half of what the IAAO allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from valuation import ratio
from valuation.frames import Floats, Values, values_of
from valuation.model.features import texts

_SHRINK = 30.0  # sales that a group needs to count as much as the one above it
_BEST = 0.02  # no approach is believed to be closer than 2%
_WORST = 1.0  # an error of the whole price; larger ones say no more
_APART = 0.25
_COUNTS = 0.10  # weight from which on an approach is asked whether it differs
_PRB_LIMIT = 0.025
_WORST_PRB = 0.2  # where all is worth about the same, a larger one is chance
_FEWEST_FOR_PRB = 30
_SHRINK_PRB = 100.0
_Kind = tuple[str, str]


@dataclass(frozen=True)
class Reconciled:
    """``shares``: each approach's part in each value, a row a property; they sum to 1."""

    values: Values
    shares: pd.DataFrame


@dataclass(frozen=True)
class Weights:
    """``errors``: squared mean error of each approach, times its unevenness, by (class, neighborhood), (class, "") and
    ("", "")."""

    errors: dict[str, dict[_Kind, float]]
    rows: list[dict[str, Any]]

    def table(self) -> list[dict[str, Any]]:
        """What the weights come from, to be shown: class, method, sales, COD, median ratio, PRB."""
        return self.rows

    def apply(self, values: Mapping[str, Values], properties: pd.DataFrame) -> Reconciled:
        """Of the approaches that value a property. One without evidence has no weight, unless it stands alone."""
        index, names = properties.index, list(values)
        dollars = {name: found.values.reindex(index) for name, found in values.items()}
        value = np.column_stack([frame["value"].to_numpy(dtype=float) for frame in dollars.values()])
        there = np.isfinite(value)
        weight = np.where(there, np.column_stack([self._weight(name, properties) for name in names]), 0.0)
        alone = (weight.sum(axis=1) == 0) & there.any(axis=1)
        weight[alone] = there[alone]
        total = weight.sum(axis=1)
        share = weight / np.where(total > 0, total, 1.0)[:, None]
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
        # Errors of the approaches go together, so their intervals are averaged and not made narrower.
        ends = [np.nansum(share * np.where(there, end, 0.0), axis=1) for end in (low, high)]
        found = values_of(index, together, ends[0], ends[1], flags, {"no_approach": ~there.any(axis=1)})
        shares = pd.DataFrame(share, index=index, columns=names).loc[found.values.index]
        return Reconciled(found, shares)

    def _weight(self, name: str, properties: pd.DataFrame) -> Floats:
        errors = self.errors.get(name)
        if not errors:
            return np.zeros(len(properties))
        kinds = zip(texts(properties, "property_class"), texts(properties, "neighborhood"), strict=True)
        county = errors["", ""]
        return np.array([1 / errors.get(kind, errors.get((kind[0], ""), county)) for kind in kinds])


def weigh(held_back: Mapping[str, pd.DataFrame | None]) -> Weights:
    """``held_back``: value, price, property_class and neighborhood of the sales that each approach was judged on; None
    for one that was not."""
    judged = {name: frame for name, frame in held_back.items() if frame is not None and len(frame)}
    rows: list[dict[str, Any]] = []
    errors: dict[str, dict[_Kind, float]] = {}
    for name, frame in judged.items():
        error = np.clip(np.abs((frame["value"] / frame["price"] - 1).to_numpy(dtype=float)), 0, _WORST)
        seen = pd.DataFrame(
            {
                "error": error,
                "class": texts(frame, "property_class").to_numpy(),
                "area": texts(frame, "neighborhood").to_numpy(),
            }
        )
        county = float(seen["error"].mean())
        everywhere = _prb(frame, 0.0)
        found: dict[_Kind, float] = {("", ""): max(county, _BEST) ** 2 * _unevenness(everywhere)}
        for kind, group in seen.groupby("class"):
            mine = (seen["class"] == kind).to_numpy()
            uneven = _unevenness(_prb(frame[mine], everywhere))
            of_class = _drawn(group["error"], county)
            found[str(kind), ""] = max(of_class, _BEST) ** 2 * uneven
            for area, part in group.groupby("area"):
                found[str(kind), str(area)] = max(_drawn(part["error"], of_class), _BEST) ** 2 * uneven
            value, price = frame["value"].to_numpy()[mine], frame["price"].to_numpy()[mine]
            rows.append(
                {
                    "property_class": str(kind),
                    "method": name,
                    "sales": int(mine.sum()),
                    "median": ratio.median(value, price),
                    "cod": ratio.cod(value, price),
                    "prb": ratio.prb(value, price) if len(value) >= _FEWEST_FOR_PRB else None,
                }
            )
        errors[name] = found
    for row in rows:  # the weight in the class as a whole
        kind = (row["property_class"], "")
        weights = {name: 1 / found[kind] for name, found in errors.items() if kind in found}
        row["weight"] = weights[row["method"]] / sum(weights.values())
    return Weights(errors, rows)


def _drawn(errors: pd.Series[Any], towards: float) -> float:
    return float((errors.sum() + _SHRINK * towards) / (len(errors) + _SHRINK))


def _prb(frame: pd.DataFrame, towards: float) -> float:
    """The PRB of a class, drawn towards the county's where its sales are few."""
    count = len(frame)
    if count < _FEWEST_FOR_PRB:
        return towards
    found = ratio.prb(frame["value"].to_numpy(dtype=float), frame["price"].to_numpy(dtype=float))
    return (count * found + _SHRINK_PRB * towards) / (count + _SHRINK_PRB) if np.isfinite(found) else towards


def _unevenness(prb: float) -> float:
    """What multiplies the squared error of an approach for treating dear and cheap properties unlike."""
    return 1 + (min(abs(prb), _WORST_PRB) / _PRB_LIMIT) ** 2


def _range(values: Floats) -> Floats:
    """Largest less smallest of each row; 0 where there is none."""
    high = np.where(np.isfinite(values), values, -np.inf).max(axis=1)
    low = np.where(np.isfinite(values), values, np.inf).min(axis=1)
    found: Floats = np.where(high >= low, high - low, 0.0)
    return found


def _all_flags(values: Mapping[str, Values], index: pd.Index[Any], used: Any) -> dict[str, Any]:
    """The flags of the approaches that have a part in a value."""
    found: dict[str, Any] = {}
    for column, one in enumerate(values.values()):
        for place, codes in zip(index.get_indexer(one.flags.index), one.flags, strict=True):
            for code in codes:
                if used[place, column]:
                    found.setdefault(code, np.zeros(len(index), dtype=bool))[place] = True
    return found
