"""The values of a chunk as rows of ``PropertyValuation``, ready for COPY: Arrow columns, dollars rounded."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from terrafusion.money import all_half_up
from valuation.frames import Values
from valuation.land.allocation import Allocated, Allocation
from valuation.run.approaches import ApproachResult
from valuation.run.rounding import ends, lines, nearest

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Chosen:
    """What stands: ``values`` of the run's method, and each approach's share in each of them (a row a parcel)."""

    values: Values
    shares: pd.DataFrame


@dataclass(frozen=True)
class ValuationRows:
    """Columns of the table, in the order of the chunk. Integers are nullable; lists and objects are JSON text."""

    columns: dict[str, pa.Array]
    flags: list[tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.flags)


def rows(
    parcels: pd.DataFrame,
    results: dict[str, ApproachResult],
    chosen: Chosen,
    *,
    step: int,
    land: Allocation,
    examples: Collection[str] = (),
) -> ValuationRows:
    """``step``: the county's rounding. ``examples``: approaches whose tables are examples."""
    index = parcels.index
    dollars = chosen.values.values.reindex(index)
    exact = dollars["value"].to_numpy(dtype=float)
    value = nearest(exact, step)
    low, high = ends(dollars["low"].to_numpy(dtype=float), dollars["high"].to_numpy(dtype=float), value, step)
    split = _land(parcels, land, exact, value, step)
    on_examples = chosen.shares.reindex(columns=[*examples]).fillna(0.0).sum(axis=1).reindex(index, fill_value=0.0) > 0
    flags = _flags(index, chosen.values, {"land_above_total": split.above, "example_schedule": on_examples.to_numpy()})
    unknown = np.array(["no_evidence" in codes for codes in flags], dtype=bool)  # an interval that nothing supports
    low, high = np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)
    previous = parcels["total_value"].to_numpy(dtype=float)
    columns = {
        "property_id": pa.array(index.to_numpy(dtype=np.int64)),
        "parcel_number": _texts(parcels["parcel_number"]),
        "property_class": _texts(parcels["property_class"]),
        "neighborhood": _texts(parcels["neighborhood"]),
        "value": _whole(value),
        "value_low": _whole(low),
        "value_high": _whole(high),
        "land_value": _whole(split.land),
        "land_source": pa.array(split.source.tolist(), pa.string()),
        "improvement_value": _whole(value - split.land),
        "previous_value": _whole(previous),
        "approaches": _json(_approaches(index, results, chosen.shares, step)),
        "comparables": _json(_comparables(index, results)),
        "reasons": _json(_reasons(index, results, step)),
        "flags": pa.array(["{" + ",".join(codes) + "}" for codes in flags]),
    }
    return ValuationRows(columns, flags)


def _land(parcels: pd.DataFrame, allocation: Allocation, exact: Floats, value: Floats, step: int) -> Allocated:
    """What of each value is land, rounded as the value and never above it."""
    split = allocation.split(parcels, exact)
    return replace(split, land=np.minimum(nearest(split.land, step), value))


def _flags(index: pd.Index[Any], values: Values, more: dict[str, Any]) -> list[tuple[str, ...]]:
    given, refused = values.flags.to_dict(), values.refused.to_dict()
    all_flags = []
    for place, key in enumerate(index.tolist()):
        if key in refused:
            codes = [refused[key]]
        else:
            codes = [*given[key], *(code for code, mask in more.items() if mask[place])]
        all_flags.append(tuple(dict.fromkeys(codes)))
    return all_flags


def _approaches(
    index: pd.Index[Any], results: dict[str, ApproachResult], shares: pd.DataFrame, step: int
) -> list[list[dict[str, Any]]]:
    entries: list[list[dict[str, Any]]] = [[] for _ in range(len(index))]
    keys = index.tolist()
    for name, result in results.items():
        dollars = result.values.values.reindex(index)
        value = nearest(dollars["value"].to_numpy(dtype=float), step)
        low, high = ends(dollars["low"].to_numpy(dtype=float), dollars["high"].to_numpy(dtype=float), value, step)
        share = shares[name].reindex(index).to_numpy(dtype=float) if name in shares else np.zeros(len(index))
        flags, refused = result.values.flags.to_dict(), result.values.refused.to_dict()
        for place, key in enumerate(keys):
            if key in refused:
                entries[place].append({"approach": name, "refused": refused[key]})
                continue
            entry = {
                "approach": name,
                "value": int(value[place]),
                "weight": round(float(np.nan_to_num(share[place])), 4),
            }
            if "no_evidence" not in flags[key]:
                entry |= {"low": int(low[place]), "high": int(high[place])}
            if flags[key]:
                entry["flags"] = list(flags[key])
            if key in result.lines:
                entry["lines"] = result.lines[key]
            entries[place].append(entry)
    return entries


def _comparables(index: pd.Index[Any], results: dict[str, ApproachResult]) -> list[Any]:
    by_parcel: dict[int, Any] = {}
    for result in results.values():
        by_parcel |= result.comparables
    return [by_parcel.get(key, []) for key in index.tolist()]


def _reasons(index: pd.Index[Any], results: dict[str, ApproachResult], step: int) -> list[dict[str, int]]:
    """The model's reasons in whole dollars, largest first, which add up to its value as it is shown."""
    reasons: list[dict[str, int]] = [{} for _ in range(len(index))]
    for result in results.values():
        if result.reasons is None:
            continue
        exact = result.values.values.reindex(index)["value"].to_numpy(dtype=float)
        known = np.flatnonzero(np.isfinite(exact))
        total = all_half_up(exact[known])
        amounts = lines(result.reasons.reindex(index[known]).to_numpy(dtype=float), total)
        rounding = nearest(exact[known], step) - total
        names = [*(str(column) for column in result.reasons.columns), "rounding"]
        for place, row in zip(known.tolist(), np.column_stack([amounts, rounding]).astype(np.int64), strict=True):
            order = np.argsort(-np.abs(row), kind="stable")
            reasons[place] = {names[column]: int(row[column]) for column in order if row[column]}
    return reasons


def _whole(dollars: Floats) -> pa.Array:
    known = np.isfinite(dollars)
    return pa.array(np.where(known, dollars, 0).astype(np.int64), mask=~known)


def _texts(column: pd.Series[Any]) -> pa.Array:
    return pa.array(column.astype(object).tolist(), pa.string())


def _json(values: list[Any]) -> pa.Array:
    return pa.array([json.dumps(one, separators=(",", ":"), allow_nan=False) for one in values], pa.string())
