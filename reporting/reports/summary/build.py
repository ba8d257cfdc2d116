"""The summary's blocks. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from reporting.document import blocks as b
from reporting.document.labels import label
from reporting.document.names import UNNAMED, natural
from terrafusion.tables import Column, Kind
from terrafusion.words import counted
from valuation.ratio import Balance
from valuation.ratio.ranges import PLACES
from valuation.run.balance import words

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

LARGEST = 25
_GROUP = (
    Column("parcels", Kind.INTEGER, "Parcels"),
    Column("before", Kind.MONEY, "Before"),
    Column("after", Kind.MONEY, "After"),
    Column("change", Kind.PERCENT, "Change"),
    Column("median_change", Kind.PERCENT, "Median change"),
)
_PARCEL = (
    Column("parcel_number", Kind.TEXT, "Parcel", width=13),
    Column("property_class", Kind.TEXT, "Class", width=14),
    Column("neighborhood", Kind.TEXT, "Neighborhood", width=12),
    Column("before", Kind.MONEY, "Before"),
    Column("after", Kind.MONEY, "After"),
    Column("change_dollars", Kind.MONEY, "Change"),
    Column("change", Kind.PERCENT, "Percent"),
)
_TICKS = {"values": list(range(-50, 51, 10))}
_FIGURES = (("median", "Median ratio"), ("cod", "COD"), ("prd", "PRD"), ("prb", "PRB"))


@dataclass(frozen=True)
class Summary:
    """``values`` has a row a valued parcel: parcel_number, property_class, neighborhood, before (NaN without one),
    after, sold. ``run`` is the job's own summary."""

    values: pd.DataFrame
    refused: int
    flagged: int
    run: Mapping[str, Any]
    method: str
    balance: Balance | None


def build(summary: Summary) -> Iterator[b.Block]:
    values = summary.values
    changed = values[(values["before"] > 0).to_numpy()]
    before, after = _sum(changed["before"]), _sum(changed["after"])
    yield b.KeyFigures(
        "totals",
        (
            b.Figure("valued", "Parcels valued", len(values), Kind.INTEGER),
            b.Figure("refused", "Without a value", summary.refused, Kind.INTEGER),
            b.Figure("flagged", "With a warning", summary.flagged, Kind.INTEGER),
            b.Figure("total", "Total of the run", float(values["after"].sum()), Kind.MONEY),
            b.Figure("before", "Before, of those with a value", before, Kind.MONEY),
            b.Figure("after", "After, of the same", after, Kind.MONEY),
            b.Figure("change", "Change", after / before - 1 if before and after else None, Kind.PERCENT),
        ),
    )
    if not len(changed):
        yield b.Text("No parcel had a value before the run, so there is nothing to compare it with.", b.Tone.NOTE)
    yield b.Heading("By group")
    yield _table("class", "Class", values, "property_class")
    yield _table("neighborhood", "Neighborhood", values, "neighborhood")
    if len(changed):
        yield _histogram(changed)
        yield b.Heading("Largest changes")
        share = (changed["after"] / changed["before"] - 1).to_numpy(dtype=float)
        order = np.argsort(share, kind="stable")
        up = [i for i in order[::-1][:LARGEST] if share[i] > 0]
        down = [i for i in order[:LARGEST] if share[i] < 0]
        yield b.Table("largest_up", "Up", _PARCEL, _rows(changed, share, up), note="" if up else "No value went up.")
        yield b.Table(
            "largest_down", "Down", _PARCEL, _rows(changed, share, down), note="" if down else "None went down."
        )
    yield b.Heading("Model performance")
    yield from _evaluation(summary)


def _table(name: str, title: str, values: pd.DataFrame, field: str) -> b.Table:
    rows = []
    groups = values.groupby(values[field].astype(object))
    for key, group in sorted(groups, key=lambda pair: natural(str(pair[0]))):
        had = group[(group["before"] > 0).to_numpy()]
        before, after = float(had["before"].sum()), float(had["after"].sum())
        rows.append(
            (
                str(key) or UNNAMED,
                len(group),
                _sum(group["before"]),
                float(group["after"].sum()),
                after / before - 1 if before else None,
                float((had["after"] / had["before"]).median() - 1) if len(had) else None,
            )
        )
    head = (Column("group", Kind.TEXT, title, width=20), *_GROUP)
    totals = ("Total", len(values), _sum(values["before"]), float(values["after"].sum()), None, None)
    note = "Percentages are of the parcels that had a value before."
    return b.Table(f"by_{name}", f"By {title.lower()}", head, rows, totals, note)


def _sum(values: pd.Series[Any]) -> float | None:
    """None where no value is known: nothing on record is not nothing in dollars."""
    return float(values.sum()) if values.notna().any() else None


def _histogram(changed: pd.DataFrame) -> b.Chart:
    share = 100 * (changed["after"] / changed["before"] - 1).to_numpy(dtype=float)
    edges = np.arange(-50, 51, 5)
    counts, _ = np.histogram(np.clip(share, -49.99, 49.99), edges)
    bars = [
        {"from": int(low), "to": int(low) + 5, "parcels": int(count)}
        for low, count in zip(edges[:-1], counts, strict=True)
    ]
    return b.Chart(
        "changes",
        "Changes of value",
        {
            "width": 560,
            "height": 140,
            "data": {"values": bars},
            "mark": "bar",
            "encoding": {
                "x": {
                    "field": "from",
                    "type": "quantitative",
                    "bin": {"binned": True, "step": 5},
                    "title": "Percent",
                    "axis": _TICKS,
                },
                "x2": {"field": "to"},
                "y": {"field": "parcels", "type": "quantitative", "title": "Parcels"},
            },
        },
        f"Histogram of {counted(len(share), 'change')}; the median change is {float(np.median(share)):.1f} percent.",
        "Changes beyond 50 percent are in the outermost bars.",
    )


def _rows(changed: pd.DataFrame, share: NDArray[np.float64], chosen: Sequence[int]) -> list[b.Row]:
    picked = changed.iloc[list(chosen)]
    return [
        (
            one.parcel_number,
            one.property_class or None,
            one.neighborhood or None,
            int(one.before),
            int(one.after),
            int(one.after - one.before),
            float(part),
        )
        for one, part in zip(picked.itertuples(), share[list(chosen)], strict=True)
    ]


def _evaluation(summary: Summary) -> Iterator[b.Block]:
    evaluation = summary.run.get("evaluation") or {}
    overall = evaluation.get("overall") or {}
    measures = overall.get("measures") or {}
    if measures:
        items = [b.Figure("sales", "Later sales", overall.get("sales"), Kind.INTEGER)]
        items += [
            b.Figure(name, title, measures[name]["value"], Kind.NUMBER, PLACES[name], met=measures[name].get("met"))
            for name, title in _FIGURES
            if name in measures
        ]
        coverage = evaluation.get("coverage")
        if coverage is not None:
            items.append(b.Figure("coverage", "Prices inside the interval", coverage, Kind.PERCENT, 1))
        yield b.KeyFigures("evaluation", tuple(items))
        yield b.Text(
            "The method on holdout sales, which are later than its training sales, at prices of the valuation date."
        )
    else:
        yield b.Text(overall.get("withheld") or "The run was not held against later sales.", b.Tone.WARNING)
    balance = summary.balance
    if balance is not None:
        verdict = "in balance" if balance.balanced else "OUT of balance: sold parcels were treated differently"
        yield b.Text(
            f"Sold against unsold: the median change of {balance.sold:,} sold parcels is "
            f"{balance.median_sold - 1:.1%}, that of {balance.unsold:,} unsold ones "
            f"{balance.median_unsold - 1:.1%}; they are {verdict}.",
            b.Tone.NORMAL if balance.balanced else b.Tone.WARNING,
        )
    if compared := summary.run.get("balance"):
        yield from (b.Text(line) for line in words(compared))
    for note in summary.run.get("notes", ()):
        yield b.Text(str(note), b.Tone.NOTE)
    flags = summary.run.get("flags") or []
    if flags:
        columns = (
            Column("code", Kind.TEXT, "Warning", width=20),
            Column("parcels", Kind.INTEGER, "Parcels"),
            Column("meaning", Kind.TEXT, "Meaning", width=50),
        )
        rows = [(label(flag["code"]), flag["parcels"], flag["meaning"]) for flag in flags]
        yield b.Table("warnings", "Warnings", columns, rows)
