"""Parameters of reports and analyses, as the API lists them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.urls import resolve

from terrafusion.setup.reference.markdown import code, page, paragraph, table


def job_parameters() -> str:
    return page(
        "Parameters of reports and analyses",
        "Members of `parameters` in a request for a report or an analysis, as `GET reporting/types` and "
        "`GET market-analysis/analyses` list them. Parameters of every job are in "
        "[request members](request-members.md).",
        "## Reports",
        *_sections("/api/v1/reporting/types"),
        "## Analyses",
        *_sections("/api/v1/market-analysis/analyses"),
    )


def _sections(url: str) -> Iterator[str]:
    view: Any = resolve(url).func
    for kind in view.view_class().get(None).data:
        yield f"### {kind.get('report_type') or kind['name']}"
        yield paragraph(kind["description"])
        yield table(("parameter", "default", "meaning"), map(_row, kind["parameters"])) or "It has no parameters."


def _row(parameter: dict[str, Any]) -> tuple[str, str, str]:
    default = "required" if parameter.get("required") else code(json.dumps(parameter.get("default"), default=str))
    text = parameter.get("description") or parameter.get("help") or ""
    choices = ", ".join(map(code, parameter.get("choices", ())))
    return code(parameter["name"]), default, text + (f" One of {choices}." if choices else "")
