"""A model's card as Markdown: what it is, what it was made of, how well it does and where it should not be trusted."""

from __future__ import annotations

from typing import Any

from terrafusion.words import counted
from valuation.labels import label
from valuation.models import ValuationModel

_MEASURES = {
    "median": "Median ratio",
    "mean": "Mean ratio",
    "weighted_mean": "Weighted mean ratio",
    "cod": "COD",
    "prd": "PRD",
    "prb": "PRB",
    "mki": "MKI",
    "vei": "VEI",
}


def markdown(model: ValuationModel) -> str:
    """The card of a stored model."""
    lines = [
        f"# Model card: {model.method.replace('_', ' ')}, {model.county_id}, {model.valuation_date}",
        "",
        f"Model `{model.pk}`, trained by job `{model.job_id}`.",
        "",
        "| | |",
        "|---|---|",
        f"| Valuation date | {model.valuation_date}; no later sale was seen |",
        f"| Training sales | {model.sales:,} |",
        f"| Seed | {model.seed} |",
        f"| Version of the data | `{model.data_version}` |",
        f"| SHA-256 of the model | `{model.artefact_sha256}` |",
        *(f"| {_escaped(name)} | {_escaped(value)} |" for name, value in model.software.items()),
        "",
        "## How well it does",
        "",
        *_evaluation(model.metrics),
        "",
        "## What it looks at",
        "",
        *_features(model.features),
        "",
        *_rest(model.card),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _evaluation(metrics: dict[str, Any]) -> list[str]:
    overall = metrics.get("overall") or {}
    measures = overall.get("measures") or {}
    if not measures:
        return [overall.get("withheld") or "Not evaluated."]
    lines = [
        f"Evaluated on {counted(metrics['sales'], 'holdout sale')} from {metrics['from']} to {metrics['to']}: for them "
        "it was fitted and calibrated on earlier sales, one step before the run. "
        + (f"Its intervals held {metrics['coverage']:.1%} of their prices." if metrics.get("coverage") else ""),
        "",
        "| statistic | figure | interval | IAAO range | met |",
        "|---|---|---|---|---|",
    ]
    for name, words in _MEASURES.items():
        if one := measures.get(name):
            lines.append(
                f"| {words} | {one['value']:.4g} | {_range(one['interval'])} | {_bounds(one['acceptable'])} | "
                f"{ {True: 'yes', False: 'no', None: ''}[one['met']] } |"
            )
    deciles = {f"{number} of 10": tier for number, tier in enumerate(overall.get("deciles") or [], 1)}
    lines += _medians("decile of the model's own value", deciles)
    return lines + _medians("grade", metrics.get("by_quality") or {})


def _medians(groups: str, tiers: dict[str, Any]) -> list[str]:
    """Median ratios by group, as a table."""
    if not tiers:
        return []
    rows = [
        f"| {_escaped(name)} | {tier['low']:,.0f} to {tier['high']:,.0f} | {tier['sales']:,} | {tier['median']:.3f} | "
        f"{_range(tier['interval'])} |"
        for name, tier in tiers.items()
    ]
    return ["", f"| {groups} | values | sales | median ratio | interval |", "|---|---|---|---|---|", *rows]


def _range(interval: dict[str, float] | None) -> str:
    return f"{interval['low']:.4g} to {interval['high']:.4g}" if interval else ""


def _bounds(bounds: list[float] | None) -> str:
    return f"{bounds[0]:g} to {bounds[1]:g}" if bounds else ""


def _features(features: list[dict[str, Any]] | dict[str, dict[str, Any]]) -> list[str]:
    if not features:
        return ["Nothing is recorded."]
    rows = features if isinstance(features, list) else [{"name": name, **figures} for name, figures in features.items()]
    names = list(dict.fromkeys(key for row in rows for key in row))
    lines = ["| " + " | ".join(label(name) for name in names) + " |", "|" + "---|" * len(names)]
    return lines + ["| " + " | ".join(_escaped(row.get(name, "")) for name in names) + " |" for row in rows]


def _rest(card: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for name, value in card.items():
        lines += [f"## {label(name)}", ""]
        if isinstance(value, list):
            lines += [f"- {_escaped(one)}" for one in value]
        elif isinstance(value, dict):
            lines += [f"- {label(key)}: {_escaped(one)}" for key, one in value.items()]
        else:
            lines.append(_escaped(value))
        lines.append("")
    return lines


def _escaped(value: object) -> str:
    """Data in a table's cell: no column, line or markup of its own."""
    text = " ".join(str(value).split())
    for mark in "\\|<>`*_[]":
        text = text.replace(mark, f"\\{mark}")
    return text
