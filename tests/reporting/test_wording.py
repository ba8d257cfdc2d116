"""How reports read: every report in every format is scanned for codes, mixed dates, wrong plurals and empty columns."""

from __future__ import annotations

import csv
import datetime
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from rest_framework.test import APIClient

from market_analysis.analyses.segments import KINDS
from market_analysis.catalogue import ANALYSES, INDEX_METHODS, STEPS
from reporting.compose import compose
from reporting.document import blocks as b
from reporting.document.labels import known
from reporting.document.tidy import tidied
from reporting.maps.names import label_outlines
from reporting.maps.sheet import Extent, MapSheet
from reporting.render.files import RenderContext
from reporting.render.formats import FORMATS
from reporting.reports import registry
from reporting.reports.parcel.read import BUNDLES
from reporting.request import build
from reporting.snapshot import snapshot
from terrafusion.jobs.registry import all_types
from terrafusion.jobs.request import Faults
from terrafusion.records.models import County
from terrafusion.records.sales.screening import REASONS
from terrafusion.words import counted, day
from tests.reporting import data, pdfs, valued
from tests.reporting.conftest import URL
from tests.reporting.test_reports import ASKED, DISTRICTS, PARCELS
from valuation import flags, methods
from valuation.models.value import State
from valuation.study_terms import PropertyKind

CODE = re.compile(r"(?<![\w./-])[a-z]+(?:_[a-z]+)+(?![\w./-])")
ISO_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
ONE_OF_MANY = re.compile(
    r"(?<![\d.,-])1 (?:more )?"
    r"(?:parcels|sales|districts|notices|counties|rows|changes|ratios|jobs|values|requests|people)\b"
)
ASKED_HERE: dict[str, dict[str, Any]] = {
    **ASKED,
    "change_of_value_notice": {"parcels": ["0004"], "appeal_by": "2099-01-31"},
    "tax_projection": {"district_layer": DISTRICTS, "levies": [{"district": "1", "rate": 10.0}]},
    "ratio_study": {**ASKED["ratio_study"], "list_sales": True},
}


def _document(county: County, report: str, user: Any) -> b.Document:
    faults = Faults()
    members = {"county_id": county, "report_type": report, "format": "json", "parameters": ASKED_HERE[report]}
    asked = build(members, user, faults)
    assert asked is not None, faults
    with snapshot():
        document, _ = compose(replace(asked, job_id="job"), datetime.datetime.now(datetime.UTC))
        return replace(document, blocks=list(map(_whole, document.blocks)))


def _whole(block: b.Block) -> b.Block:
    """With rows that can be read again."""
    return replace(block, rows=list(block.rows)) if isinstance(block, b.Table) else block


def _strings(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _strings(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner, key)
    elif isinstance(value, str) and key not in {"name", "type", "kind", "svg", "tone", "report", "as_of", "job_id"}:
        yield value


def _texts(path: Path) -> Iterator[str]:
    """What people read in a file, text by text. Names of columns and members are for programs."""
    match path.suffix:
        case ".pdf":
            yield pdfs.text_of(path)
        case ".html":
            page = _Columns()
            page.feed(path.read_text())
            yield from page.texts
        case ".xlsx":
            for sheet in openpyxl.load_workbook(path).worksheets:
                for row in sheet.iter_rows(values_only=True):
                    yield from (str(value) for value in row if isinstance(value, str))
        case ".csv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                for line in list(csv.reader(file))[1:]:
                    yield from line
        case ".json":
            document = json.loads(path.read_text())
            for block in document["blocks"]:
                block.pop("vega_lite", None)
            yield from _strings(document)


class _Columns(HTMLParser):
    """The texts of a page, and its tables as rows of cells."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tables: list[list[list[str]]] = []
        self._cell = self._hidden = False

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._hidden = tag == "style"
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self._cell = True

    def handle_endtag(self, tag: str) -> None:
        self._hidden = False
        if tag in ("td", "th"):
            self._cell = False

    def handle_data(self, text: str) -> None:
        if not self._hidden:
            self.texts.append(text)
        if self._cell:
            self.tables[-1][-1][-1] += text


@pytest.mark.parametrize("report", list(registry.ALL))
def test_every_report_reads_well_in_every_format(
    transactional_db: None, county: County, admin_user: Any, tmp_path: Path, report: str
) -> None:
    data.load(county, PARCELS)
    valued.run(county)
    document = _document(county, report, admin_user)
    for name, made in FORMATS.items():
        folder = tmp_path / name
        folder.mkdir()
        for path in made.render(document, RenderContext(folder)).paths:
            for text in _texts(path):
                assert not CODE.findall(text.replace("school_districts", "")), (name, text)
                assert not ONE_OF_MANY.findall(text), (name, text)
                if name in ("pdf", "html") or " " in text:  # a cell of data that is a date is as its format has it
                    assert not ISO_DAY.findall(text), (name, text)
                assert not re.search(r"\d(?:st|nd|rd|th) sale", text)
    page = _Columns()
    page.feed((tmp_path / "html" / "report.html").read_text())
    for head, *rows in page.tables:
        for place, title in enumerate(head):
            cells = [row[place] for row in rows]
            assert place == 0 or not cells or set(cells) - {"", "\N{EN DASH}"}, (report, title)


def test_every_code_has_a_label() -> None:
    codes: set[str] = {"without_a_value", *REASONS, *flags.MEANINGS, *flags.OWN, *methods.names(), *State.values}
    codes |= {*PropertyKind, *ANALYSES, *KINDS, *INDEX_METHODS, *STEPS, *BUNDLES, *registry.names()}
    codes |= {job_type.name for job_type in all_types() if job_type.model.__module__.split(".")[0] != "tests"}
    assert {code for code in codes if known(code) is None} == set()


def test_columns_in_which_nothing_stands_are_not_printed() -> None:
    columns = tuple(b.Column(name, b.Kind.TEXT) for name in ("first", "empty", "late", "total"))
    rows = [("", None, "", None)] * 30_000 + [("", "", "late", None)]
    table = b.Table("t", "", columns, iter(rows), ("Total", None, None, "1"))
    (short,) = tidied([replace(table, rows=rows[-5:])])
    assert isinstance(short, b.Table)
    assert [column.name for column in short.columns] == ["first", "late", "total"]
    assert list(short.rows)[-1] == ["", "late", None]
    (long,) = tidied([table])
    assert isinstance(long, b.Table)
    assert len(list(long.rows)) == len(rows)
    (nothing,) = tidied([replace(table, rows=[])])
    assert isinstance(nothing, b.Table)
    assert len(nothing.columns) == 4


def test_one_way_to_write_dates_and_counts() -> None:
    assert day(datetime.date(2026, 1, 5)) == "Jan 5, 2026"
    assert [counted(count, "district") for count in (0, 1, 1200)] == ["0 districts", "1 district", "1,200 districts"]
    assert counted(1, "county", "counties") == "1 county"


def test_an_appeal_ends_after_the_notice(api: APIClient, keeper: APIClient, county: County) -> None:
    data.load(county, 12)
    for notice_date, appeal_by, status in (
        ("2026-02-01", "2026-01-31", 400),
        ("2026-02-01", "2026-02-01", 400),
        (None, "2020-01-01", 400),  # before today
        ("2026-02-01", "2026-03-03", 202),
    ):
        parameters = {"parcels": ["0004"], "notice_date": notice_date, "appeal_by": appeal_by}
        body = {"report_type": "change_of_value_notice", "county_id": county.pk, "parameters": parameters}
        response = keeper.post(f"{URL}/run", body, format="json")
        assert response.status_code == status, response.content
        if status == 400:
            assert "not after the date of the notice" in str(response.data)


def test_maps_name_their_places() -> None:
    class Area:
        def __init__(self, name: str, left: float, size: float = 900.0) -> None:
            self.name = name
            self.rings = (((left, 0.0), (left + size, 0.0), (left + size, size), (left, size), (left, 0.0)),)

    sheet = MapSheet(Extent(0, 0, 2_000, 1_000))
    label_outlines(sheet, [Area("Queen Anne", 0), Area("Ballard", 1_000), Area("Within", 10, 880), Area("Far", 9_000)])
    svg = sheet.svg()
    assert ">Queen Anne<" in svg
    assert ">Ballard<" in svg
    assert ">Within<" not in svg  # it would lie over a larger place's name
    assert ">Far<" not in svg
