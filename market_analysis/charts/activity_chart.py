"""The chart of sales activity: sales by period, valid and excluded, and the season of the months."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from market_analysis.charts import style

if TYPE_CHECKING:
    import pandas as pd

    from market_analysis.analyses.market import Market


def spec(rows: pd.DataFrame, season: list[tuple[str, float]], market: Market) -> dict[str, Any]:
    """``rows`` as the table of sales activity has them; ``season`` the factors of the months, which may be none."""
    sums = rows.groupby("period_start")[["sales", "excluded"]].sum()
    values = [
        {"day": day.isoformat(), "kind": kind, "sales": int(getattr(row, name))}
        for day, row in zip(sums.index, sums.itertuples(), strict=True)
        for kind, name in (("valid", "sales"), ("excluded", "excluded"))
    ]
    kind = {
        "field": "kind",
        "type": "nominal",
        "title": None,
        "scale": {"domain": ["valid", "excluded"], "range": [style.COLORS[0], style.COLORS[1]]},
        "legend": {"orient": "top"},
    }
    charts: list[dict[str, Any]] = [
        {
            "width": style.WIDTH,
            "height": 220,
            "data": {"values": values},
            "mark": {"type": "bar", "width": style.bar_width(len(sums))},
            "encoding": {
                "x": style.day("day", len(sums)),
                "y": {"field": "sales", "type": "quantitative", "title": f"Sales a {market.step}"},
                "color": kind,
            },
        }
    ]
    if season:
        months = [name for name, _ in season]
        charts.append(
            {
                "width": style.WIDTH,
                "height": 120,
                "data": {"values": [{"month": name, "factor": round(value, 4)} for name, value in season]},
                "layer": [
                    {
                        "mark": {"type": "bar", "color": style.COLORS[2], "width": {"band": 0.7}},
                        "encoding": {
                            "x": {"field": "month", "type": "ordinal", "sort": months, "title": None, "axis": _level()},
                            "y": {"field": "factor", "type": "quantitative", "title": "Average month = 1"},
                        },
                    },
                    {"mark": {"type": "rule", "color": "black"}, "encoding": {"y": {"datum": 1}}},
                ],
            }
        )
    texts = (
        f"Sales activity, {market.title}",
        "Valid and excluded sales; below, what each month has of an average one.",
        f"Bar chart of the sales of {market.title} by {market.step}, valid and excluded, and of the season by month.",
    )
    return style.chart(*texts, vconcat=charts, resolve={"scale": {"color": "independent"}})


def _level() -> dict[str, Any]:
    return {"labelAngle": 0, "labelExpr": "slice(datum.label, 0, 3)"}
