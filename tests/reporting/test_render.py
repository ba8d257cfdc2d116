"""One document through every renderer, read back by other programs."""

from __future__ import annotations

import csv
import datetime
import json
import re
from dataclasses import replace
from typing import Any

import openpyxl
import pypdf
import pytest

from reporting.document import blocks as b
from reporting.document import texts
from reporting.document.texts import INDENT
from reporting.render.errors import RenderError
from reporting.render.formats import FORMATS
from tests.reporting import files, pages, pdfs
from tests.reporting.conftest import Render
from tests.reporting.data import NAMES

AS_OF = datetime.datetime(2026, 1, 5, 12, 30, tzinfo=datetime.UTC)
COLUMNS = (
    b.Column("parcel", b.Kind.TEXT, "Parcel"),
    b.Column("owner", b.Kind.TEXT, "Owner", width=40),
    b.Column("sold", b.Kind.DATE, "Sold"),
    b.Column("price", b.Kind.MONEY, "Price"),
    b.Column("ratio", b.Kind.NUMBER, "Ratio", 3),
    b.Column("share", b.Kind.PERCENT, "Share"),
)
SPEC = {
    "data": {"values": [{"period": "2025", "median": 0.95}, {"period": "2026", "median": 1.02}]},
    "mark": "bar",
    "encoding": {"x": {"field": "period", "type": "nominal"}, "y": {"field": "median", "type": "quantitative"}},
}
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"><path d="M1 1h80v50z" fill="#ccc"/></svg>'


def rows(number: int = len(NAMES)) -> list[b.Row]:
    return [
        (f"{i:04}", NAMES[i % len(NAMES)], datetime.date(2025, 2, 1 + i % 28), 100_000 + i, 0.9 + i / 1e4, 0.25)
        for i in range(number)
    ] + [("9999", None, None, None, None, None)]


def document(**more: Any) -> b.Document:
    blocks: list[b.Block] = [
        b.KeyFigures("key", (b.Figure("cod", "COD", 12.34, b.Kind.NUMBER, 1, "5 to 15", met=True),)),
        b.Heading("Sales"),
        b.Text("Plain <b>text</b> #let x = 1 *bold* $x^2$"),
        b.Chart("medians", "Medians", SPEC, "The median rose from 0.95 to 1.02."),
        b.Beside((b.Map("map", "Map", SVG, "One parcel", "Source: the county"), b.Image("photo", None, "No photo"))),
        b.Table("sales", "Every sale", COLUMNS, iter(rows()), ("Total", None, None, 1_234_567, None, None), "A note."),
    ]
    made = b.Document(
        name="sample",
        title="A sample & more",
        subtitle="Tax year 2026",
        brand=b.Brand("First County, WA", "Assessor", ("1 Main Street",), "Call us"),
        as_of=AS_OF,
        job_id="7f000001",
        parameters=(("Tax year", "2026"),),
        blocks=blocks,
        notices=("Owners are withheld.",),
    )
    return replace(made, **more)


def test_pdf_says_all_of_it_and_is_accessible(render: Render) -> None:
    made = render(document(), "pdf")
    pdfs.check_by_another(made.path)
    kinds = pdfs.check_accessible(made.path, made.pages)
    assert {"/Title", "/H1", "/Table", "/THead", "/TH", "/TD", "/Figure", "/P"} <= set(kinds)
    text = pdfs.text_of(made.path)
    for expected in (
        "A sample & more",
        "Owners are withheld.",
        "Plain <b>text</b> #let x = 1 *bold* $x^2$",
        '#let x = read("/etc/passwd") $x^2$ *bold* [link]',
        "Smith & Sons <b>Ltd</b>",
        "Иван Петрович Сидоров",
        "王小明",
        "$100,011",
        "Feb 1, 2025",
        "0.901",
        "25.0%",
        "$1,234,567",
        "Data as of Jan 5, 2026, 12:30:00 UTC",
        "7f000001",
        f"Page {made.pages} of {made.pages}",
    ):
        assert expected in text, expected
    assert "12.3" in text
    assert made.notes == ("1 character without a font, shown as \ufffd: U+13000.",)
    assert pdfs.bookmarks(made.path) == ["Sales", "About this report"]


@pytest.mark.parametrize("before", [0, 1])
def test_a_row_that_goes_on_with_another_stays_on_its_page(render: Render, before: int) -> None:
    columns = (b.Column("item", b.Kind.TEXT, "Item"), b.Column("text", b.Kind.TEXT, "Text"))
    pairs = [row for n in range(60) for row in ((f"Item{n}", f"upper{n}"), (f"{INDENT}more", f"lower{n}"))]
    table = b.Table("pairs", "Pairs", columns, [("Alone", "")] * before + pairs)
    made = render(document(blocks=[table]), "pdf")
    pdfs.check_by_another(made.path)
    pages = [page.extract_text() for page in pypdf.PdfReader(made.path).pages]
    shown = [
        [{n for n in range(60) if re.search(rf"{what}{n}(?!\d)", text)} for what in ("upper", "lower")]
        for text in pages
    ]
    assert len([uppers for uppers, _ in shown if uppers]) > 1
    assert all(uppers == lowers for uppers, lowers in shown)
    assert sum(len(uppers) for uppers, _ in shown) == 60


def test_a_figure_that_is_rounded_to_zero_has_no_sign() -> None:
    kinds = (b.Kind.NUMBER, b.Kind.MONEY, b.Kind.PERCENT)
    assert [texts.shown(-0.0004, kind, 1) for kind in kinds] == ["0.0", "$0.0", "0.0%"]
    assert [texts.shown(-0.06, kind, 1) for kind in kinds] == ["-0.1", "-$0.1", "-6.0%"]
    assert texts.shown(12345678901234567890) == "12345678901234567890"


def test_a_template_of_the_county(render: Render) -> None:
    brand = replace(
        document().brand,
        template='#let footer(meta, number) = [Own foot of #meta.county, #number]\n#let paper = "a4"',
    )
    made = render(document(brand=brand), "pdf")
    assert "Own foot of First County, WA, Page 1 of" in pdfs.text_of(made.path)
    pdfs.check_accessible(made.path, made.pages)


@pytest.mark.parametrize(
    "source",
    [
        '#let secret = read("/etc/passwd")',
        '#let secret = read("../../../../etc/passwd")',
        '#import "@preview/example:0.1.0": add',
        "#let size = ",
        "#let size = panic(1)",
    ],
)
def test_a_template_reads_nothing_and_its_faults_are_reported(render: Render, source: str) -> None:
    with pytest.raises(RenderError):
        render(document(brand=replace(document().brand, template=source)), "pdf")


def test_html_escapes_everything(render: Render) -> None:
    made = render(document(), "html")
    page = made.path.read_text(encoding="utf-8")
    parser = pages.read(page)
    assert "b" in parser.tags  # the key figure's own
    assert parser.tags.count("b") == 1
    assert "script" not in parser.tags
    assert NAMES[0] in parser.texts
    assert NAMES[3] in parser.texts
    assert parser.tags.count("svg") == 2
    assert "\x07" not in page


def test_xlsx_is_typed(render: Render) -> None:
    book = openpyxl.load_workbook(render(document(), "xlsx").path)
    assert book.sheetnames == ["Report", "Medians", "Every sale"]
    sheet = book["Every sale"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", f"A1:F{len(NAMES) + 2}")
    head = [cell.value for cell in sheet[1]]
    assert head == ["Parcel", "Owner", "Sold", "Price", "Ratio", "Share"]
    first = sheet[2]
    assert [cell.data_type for cell in first] == ["s", "s", "d", "n", "n", "n"]
    assert [cell.value for cell in first] == ["0000", NAMES[0], datetime.datetime(2025, 2, 1), 100_000, 0.9, 0.25]
    assert first[3].number_format == "$#,##0;-$#,##0"
    assert first[5].number_format == "0.0%"
    assert (sheet["B3"].value, sheet["B3"].data_type) == (NAMES[1], "s")  # a formula's text, not a formula
    assert [cell.value for cell in sheet[len(NAMES) + 3]] == ["Total", None, None, 1_234_567, None, None]
    front = {row[0]: row[1] for row in book["Report"].iter_rows(values_only=True) if row[0]}
    assert front["COD"] == 12.34
    assert front["Note"] == "Owners are withheld."
    assert front["Data as of"] == "Jan 5, 2026, 12:30:00 UTC"


def test_csv_has_a_file_a_table_and_runs_nothing(render: Render) -> None:
    made = render(document(), "csv")
    assert [path.name for path in made.paths] == ["medians.csv", "sales.csv"]
    with made.paths[1].open(encoding="utf-8", newline="") as file:
        sales = list(csv.reader(file))
    assert sales[0] == [column.name for column in COLUMNS]
    assert sales[1] == ["0000", NAMES[0], "2025-02-01", "100000", "0.9", "0.25"]
    assert [row[1] for row in sales[2:4]] == [f"'{NAMES[1]}", f"'{NAMES[2]}"]
    assert len(sales) == len(NAMES) + 2  # the totals are no data


def test_json_is_the_same_blocks(render: Render) -> None:
    written = json.loads(render(document(), "json").path.read_text(encoding="utf-8"))
    assert written["as_of"] == "2026-01-05T12:30:00+00:00"
    assert [block["type"] for block in written["blocks"]] == [
        "key_figures",
        "heading",
        "text",
        "chart",
        "beside",
        "table",
    ]
    table = written["blocks"][-1]
    assert table["rows"][0] == ["0000", NAMES[0], "2025-02-01", 100_000, 0.9, 0.25]
    assert table["rows"][-1] == ["9999", None, None, None, None, None]


@pytest.mark.parametrize("name", list(FORMATS))
def test_same_document_same_bytes(render: Render, name: str) -> None:
    first, second = ([path.read_bytes() for path in render(document(), name).paths] for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", list(FORMATS))
def test_an_empty_table_is_still_a_report(render: Render, name: str) -> None:
    made = render(document(blocks=[b.Table("sales", "Every sale", COLUMNS, [])]), name)
    (path,) = made.paths
    if name == "csv":
        assert path.read_text(encoding="utf-8").splitlines() == ["parcel,owner,sold,price,ratio,share"]
        return
    text = files.text_of(path)
    assert "A sample & more" in text
    assert "Every sale" in text
    assert "7f000001" in text
    assert "0000" not in text.replace("7f000001", "")  # the first parcel of the table that has rows
