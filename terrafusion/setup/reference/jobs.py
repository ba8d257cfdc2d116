"""Parameters of reports and analyses, as the API lists them, and of valuations."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.urls import resolve

from terrafusion.jobs.request import ParameterSerializer
from terrafusion.setup.reference.markdown import code, page, paragraph, table
from valuation.methods import registry


def job_parameters() -> str:
    return page(
        "Parameters of reports, analyses, and valuations",
        "Members of `parameters` in a request for a report, an analysis, or a valuation. `GET reporting/types` and "
        "`GET market-analysis/analyses` list those of the first two. Parameters of every job are in "
        "[request members](request-members.md).",
        "## Reports",
        *_sections("/api/v1/reporting/types"),
        "## Analyses",
        *_sections("/api/v1/market-analysis/analyses"),
        "## Valuations",
        *_valuations(),
    )


def _sections(url: str) -> Iterator[str]:
    view: Any = resolve(url).func
    for kind in view.view_class().get(None).data:
        yield f"### {kind.get('report_type') or kind['name']}"
        yield paragraph(kind["description"])
        yield _table(kind["parameters"])


def _valuations() -> Iterator[str]:
    for method in registry.all_methods():
        yield f"### {method.name}"
        yield paragraph(f"{method.label}.")
        yield _table(ParameterSerializer(one).data for one in method.parameters)


def _table(parameters: Iterable[dict[str, Any]]) -> str:
    return table(("parameter", "default", "meaning"), map(_row, parameters)) or "It has no parameters."


def _row(parameter: dict[str, Any]) -> tuple[str, str, str]:
    default = "required" if parameter.get("required") else code(json.dumps(parameter.get("default"), default=str))
    text = parameter.get("description") or parameter.get("help") or ""
    choices = ", ".join(map(code, parameter.get("choices", ())))
    return code(parameter["name"]), default, text + (f" One of {choices}." if choices else "")
