"""How a document lies on pages: parts, volumes, sections, footers, and tables that are too wide or too long."""

from __future__ import annotations

from dataclasses import replace

import openpyxl
import pypdf
import pytest

from reporting.document import blocks as b
from reporting.render import layout, pdf
from tests.reporting import pdfs
from tests.reporting.conftest import Render
from tests.reporting.data import NAMES
from tests.reporting.test_render import COLUMNS, document, rows


def test_pdf_of_many_parts_is_one_sound_document(render: Render, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "MAX_CELLS", 1200)
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
    monkeypatch.setattr(layout, "MAX_CELLS", 300)
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
    monkeypatch.setattr(layout, "MAX_CELLS", 600)
    monkeypatch.setattr(pdf, "MAX_PAGES", 5)
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
    monkeypatch.setattr(layout, "MAX_CELLS", 600)
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


def test_words_that_are_wider_than_their_column_are_broken(render: Render) -> None:
    job = "c599d48a-4437-4454-90b3-7bcf74d7bbae"
    head = tuple(b.Column(f"c{i}", b.Kind.TEXT, f"C{i}", width=10) for i in range(8))
    made = render(document(blocks=[b.Table("jobs", "", head, [[job, *["-"] * 7]])]), "pdf")
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
