"""One document through every renderer, read back by other programs."""

from __future__ import annotations

import csv
import datetime
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest

from reporting.document import blocks as b
from reporting.render import layout, pdf
from reporting.render.files import Desk, Rendered, RenderError
from reporting.render.formats import FORMATS
from tests.reporting import pages, pdfs
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
Render = Callable[..., Rendered]


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


@pytest.fixture
def render(tmp_path: Path) -> Render:
    def run(made: b.Document, name: str) -> Rendered:
        folder = tmp_path / f"{name}{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        return FORMATS[name].render(made, Desk(folder))

    return run


def test_pdf_says_all_of_it_and_is_accessible(render: Render) -> None:
    made = render(document(), "pdf")
    pdfs.check_by_another(made.path)
    kinds = pdfs.check_accessible(made.path, made.pages)
    assert {"/Title", "/H1", "/Table", "/THead", "/TH", "/TD", "/Figure", "/P"} <= set(kinds)
    text = pdfs.text_of(made.path)
    for told in (
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
        assert told in text, told
    assert "12.3" in text
    assert made.notes == ("1 characters are in no font and shown as \ufffd: U+13000.",)
    assert pdfs.bookmarks(made.path) == ["Sales", "About this report"]


def test_pdf_of_many_parts_is_one_sound_document(render: Render, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "MOST_CELLS", 1200)
    number = 600
    made = render(document(blocks=[b.Heading("Sales"), b.Table("sales", "All", COLUMNS, rows(number))]), "pdf")
    kinds = pdfs.check_accessible(made.path, made.pages)
    assert kinds.count("/Document") == 1
    assert kinds.count("/TD") >= (number + 1) * len(COLUMNS)
    assert pdfs.bookmarks(made.path) == ["Sales", "About this report"]
    text = pdfs.text_of(made.path)
    assert all(f"{i:04} " in text for i in range(number))
    assert "Sales (continued)" in text
    assert "All (continued)" in text
    leaves = [" ".join(page.extract_text().split()) for page in pypdf.PdfReader(made.path).pages]
    for number, page in enumerate(leaves, 1):
        assert page.endswith(f"Job 7f000001 Page {number} of {made.pages}")  # over all parts, and once on each page
        assert page.count("Page ") == 1
    (first,) = [page for page in leaves if "0000 Smith" in page]
    assert "Sales All" in first  # the heading stands over its table, not at the end of the part before


def test_sections_count_their_own_pages_and_have_bookmarks(render: Render, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "MOST_CELLS", 300)
    sections = [
        b.Section(
            f"{i:04}", f"Parcel {i:04}", (b.Text(NAMES[i]), b.Table("sales", "Sales", COLUMNS, rows(40 * (i % 3))))
        )
        for i in range(9)
    ]
    made = render(document(blocks=sections, bare=True), "pdf")
    pdfs.check_accessible(made.path, made.pages)
    assert pdfs.bookmarks(made.path) == [f"Parcel {i:04}" for i in range(9)]
    leaves = [page.extract_text() for page in pypdf.PdfReader(made.path).pages]
    first = [text for text in leaves if "Parcel 0000" in text]
    assert "Parcel 0000 · Page 1 of 1" in first[0]
    assert [text[text.rindex("Parcel") :] for text in leaves if "of 2" in text] == [
        f"Parcel {i:04} · Page {page} of 2" for i in (2, 5, 8) for page in (1, 2)
    ]  # those of 80 rows


def test_volumes_of_a_large_document(render: Render, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "MOST_CELLS", 600)
    monkeypatch.setattr(pdf, "MOST_PAGES", 5)
    made = render(document(blocks=[b.Heading("Sales"), b.Table("sales", "All", COLUMNS, rows(600))]), "pdf")
    assert len(made.paths) > 1
    assert [path.name for path in made.paths] == [f"sample-{i + 1:03}.pdf" for i in range(len(made.paths))]
    assert made.pages == sum(len(pypdf.PdfReader(path).pages) for path in made.paths)
    for volume, path in enumerate(made.paths, 1):
        pdfs.check_accessible(path, None)
        leaves = [" ".join(page.extract_text().split()) for page in pypdf.PdfReader(path).pages]
        for number, page in enumerate(leaves, 1):
            assert page.endswith(f"Volume {volume} · Page {number} of {len(leaves)}")


def test_a_foot_of_the_countys_counts_over_all_parts(render: Render, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "MOST_CELLS", 600)
    own = '#let footer(meta, number) = [Own foot, #number]\n#let paper = "us-legal"'
    blocks = [b.Heading("Sales"), b.Table("sales", "All", COLUMNS, rows(300))]
    made = render(document(blocks=blocks, brand=replace(document().brand, template=own), landscape=True), "pdf")
    pdfs.check_accessible(made.path, made.pages)
    pdfs.check_by_another(made.path)
    leaves = pypdf.PdfReader(made.path).pages
    assert {(int(page.mediabox.width), int(page.mediabox.height)) for page in leaves} == {(1008, 612)}
    for number, page in enumerate(leaves, 1):
        assert page.extract_text().endswith(f"Own foot, Page {number} of {made.pages}")


def test_a_table_that_is_too_wide_is_cut_by_columns(render: Render) -> None:
    head = (
        b.Column("area", b.Kind.TEXT, "Area"),
        *(b.Column(f"n{i}", b.Kind.INTEGER, f"Figure {i}") for i in range(20)),
    )
    made = render(document(blocks=[b.Table("wide", "Wide", head, [["North", *range(20)]], ["All", *range(20)])]), "pdf")
    pdfs.check_accessible(made.path, made.pages)
    text = pdfs.text_of(made.path)
    assert "Wide (columns 2 to 11 of 21)" in text
    assert "Wide (columns 12 to 21 of 21)" in text
    assert text.count("North") == text.count("All") == 2
    assert all(f"Figure {i}" in text for i in range(20))
    book = openpyxl.load_workbook(render(document(blocks=[b.Table("wide", "Wide", head, [])]), "xlsx").path)
    assert len(list(book["Wide"].iter_cols())) == 21  # a sheet is as wide as it needs


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
def test_a_template_reads_nothing_and_its_faults_are_told(render: Render, source: str) -> None:
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
    told = json.loads(render(document(), "json").path.read_text(encoding="utf-8"))
    assert told["as_of"] == "2026-01-05T12:30:00+00:00"
    assert [block["type"] for block in told["blocks"]] == ["key_figures", "heading", "text", "chart", "beside", "table"]
    table = told["blocks"][-1]
    assert table["rows"][0] == ["0000", NAMES[0], "2025-02-01", 100_000, 0.9, 0.25]
    assert table["rows"][-1] == ["9999", None, None, None, None, None]


@pytest.mark.parametrize("name", list(FORMATS))
def test_same_document_same_bytes(render: Render, name: str) -> None:
    first, second = ([path.read_bytes() for path in render(document(), name).paths] for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", list(FORMATS))
def test_an_empty_table_is_still_a_report(render: Render, name: str) -> None:
    made = render(document(blocks=[b.Table("sales", "Sales", COLUMNS, [])]), name)
    assert made.path.stat().st_size > 20


def test_words_that_are_wider_than_their_column_are_broken(render: Render) -> None:
    job = "c599d48a-4437-4454-90b3-7bcf74d7bbae"
    head = tuple(b.Column(f"c{i}", b.Kind.TEXT, f"C{i}", width=10) for i in range(8))
    made = render(document(blocks=[b.Table("jobs", "", head, [[job, *[""] * 7]])]), "pdf")
    text = pypdf.PdfReader(made.path).pages[0].extract_text().replace("\u200b", "")
    assert job not in text  # it goes on in the next line
    assert job in "".join(text.split())


def test_a_short_table_stays_on_one_page(render: Render) -> None:
    short = rows(14)[:14]
    blocks = [b.Table(f"t{i}", f"Table {i}", COLUMNS, short, ("Sum of it", *[None] * 5)) for i in range(7)]
    pages = pypdf.PdfReader(render(document(blocks=blocks), "pdf").path).pages
    for number in range(7):
        (page,) = [page.extract_text() for page in pages if f"Table {number}" in page.extract_text()]
        table = page.split(f"Table {number}")[1].split("Table")[0]
        assert table.count("Feb") == 14
        assert "Sum of it" in table


def test_a_table_of_few_rows_that_fill_pages_is_not_cut_off(render: Render) -> None:
    long = " ".join(f"word{i}" for i in range(900))
    head = (b.Column("n", b.Kind.TEXT, "N", width=6), b.Column("text", b.Kind.TEXT, "Text", width=60))
    text = pdfs.text_of(
        render(document(blocks=[b.Table("t", "T", head, [[str(i), long] for i in range(4)])]), "pdf").path
    )
    assert text.count("word899") == 4
