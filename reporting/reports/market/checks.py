"""What stands beside an analysis's figures: whether an adjustment is needed, how the index would have done, tiers, and
places shrunk toward the county. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reporting.document import blocks as b
from terrafusion.tables import Column, Kind

_BACKTEST = (
    Column("ahead", Kind.TEXT, "Months ahead", width=14),
    Column("sales", Kind.INTEGER, "Sales"),
    Column("error", Kind.PERCENT, "With the adjustment, off by"),
    Column("unadjusted_error", Kind.PERCENT, "Without, off by"),
)
_TIERS = (
    Column("tier", Kind.TEXT, "Value tier", width=14),
    Column("sales", Kind.INTEGER, "Sales"),
    Column("base", Kind.TEXT, "100 in", width=10),
    Column("period", Kind.TEXT, "Period", width=10),
    Column("index", Kind.NUMBER, "Index"),
    Column("low", Kind.NUMBER, "From"),
    Column("high", Kind.NUMBER, "To"),
    Column("withheld", Kind.TEXT, "Withheld because", width=40),
)
_SHRUNK = (
    Column("place", Kind.TEXT, "Place", width=14),
    Column("base", Kind.TEXT, "100 in", width=10),
    Column("period", Kind.TEXT, "Period", width=10),
    Column("shrunk", Kind.NUMBER, "Drawn index"),
    Column("low", Kind.NUMBER, "From"),
    Column("high", Kind.NUMBER, "To"),
    Column("index", Kind.NUMBER, "Own index"),
    Column("own_weight", Kind.PERCENT, "Own weight"),
)


def build(summary: Mapping[str, Any]) -> Iterator[b.Block]:
    """Of an analysis's summary; nothing where it has no checks."""
    if checks := summary.get("checks"):
        yield from _time(checks)
    if tiers := summary.get("value_tiers"):
        yield b.Table("value_tiers", "Index by value tier", _TIERS, [_tier(tier) for tier in tiers])
    title = f"Index by {summary.get('shrunk_geography', 'place')}, shrunk toward that of all places"
    if shrunk := summary.get("shrunk"):
        meaning = summary.get("shrunk_meaning", "")
        yield b.Table("shrunk", title, _SHRUNK, [_place(place) for place in shrunk], note=meaning)
    elif reason := summary.get("shrunk_withheld"):
        yield b.Text(f"{title}, is withheld: {reason.rstrip('.')}.", b.Tone.NOTE)


def _time(checks: Mapping[str, Any]) -> Iterator[b.Block]:
    yield b.Heading("Is an adjustment needed?", 2)
    yield b.Text(checks["verdict"])
    trend = checks["sales_ratio_trend"]
    if "withheld" in trend:
        yield b.Text(f"The sales-ratio trend is withheld. {trend['withheld']}", b.Tone.NOTE)
    else:
        low, high = trend["interval"]
        moved = f"{_percent(trend['yearly_change'])} a year ({_percent(low)} to {_percent(high)})"
        yield b.Text(f"By the sales-ratio trend, prices over assessed values changed by {moved}.")
    backtest = checks["backtest"]
    if "withheld" in backtest:
        yield b.Text(f"The backtest is withheld. {backtest['withheld']}", b.Tone.NOTE)
        return
    rows = [
        (f"{span['from_month']} to {span['to_month']}", span["sales"], span["error"], span["unadjusted_error"])
        for span in backtest
    ]
    note = "The index as of a year before the last sale, held against the sales of that year (medians)."
    yield b.Table("backtest", "Backtest", _BACKTEST, rows, note=note)


def _percent(share: float) -> str:
    """With its sign; nothing is below zero by less than what is printed."""
    return f"{round(share, 3) + 0.0:+.1%}" if round(share, 3) else "0.0%"


def _tier(tier: Mapping[str, Any]) -> b.Row:
    low, high = tier.get("interval") or (None, None)
    names = ("tier", "sales", "base_period", "period", "index")
    return (*(tier.get(name) for name in names), low, high, tier.get("withheld"))


def _place(place: Mapping[str, Any]) -> b.Row:
    names = ("place", "base_period", "period", "index")
    return (*(place[name] for name in names), *place["interval"], place["own_index"], place["own_weight"])
