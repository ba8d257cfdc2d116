"""The formats by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

from reporting.document.blocks import Document
from reporting.render import csv, html, json, pdf, xlsx
from reporting.render.files import RenderContext, Rendered


@dataclass(frozen=True)
class ReportFormat:
    """``libraries``: whose version can change a byte of the file."""

    name: str
    title: str
    render: Callable[[Document, RenderContext], Rendered]
    libraries: tuple[str, ...] = ()

    def software(self) -> list[str]:
        return _versions(self.libraries)


_CHARTS = ("vl-convert-python", "manimgx-fonts", "manimgx-fonts-cjk")
FORMATS = {
    made.name: made
    for made in (
        ReportFormat("pdf", "PDF, tagged (PDF/UA-1)", pdf.render, ("typst", *_CHARTS)),
        ReportFormat("html", "One HTML page", html.render, _CHARTS),
        ReportFormat("xlsx", "Excel workbook", xlsx.render, ("XlsxWriter",)),
        ReportFormat("csv", "CSV, a file a table", csv.render),
        ReportFormat("json", "JSON, the same blocks as data", json.render),
    )
}


@cache
def _versions(libraries: tuple[str, ...]) -> list[str]:
    return [version(library) for library in libraries]
