"""A document as a workbook: its first sheet row by row, and how its tables become sheets."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook import Workbook

from reporting.document import blocks as b
from reporting.render import xlsx
from reporting.render.files import RenderContext, Rendered

NUMBER = b.Column("number", b.Kind.NUMBER, "Number")
DAY = b.Column("day", b.Kind.DATE, "Day")
WORD = b.Column("word", b.Kind.TEXT, "Word")


def document(*blocks: b.Block, **more: Any) -> b.Document:
    members: dict[str, Any] = {
        "title": "Sales",
        "subtitle": "",
        "brand": b.Brand("First County, WA"),
        "as_of": datetime.datetime(2026, 1, 5, 12, 30, tzinfo=datetime.UTC),
        "job_id": "7f000001",
        "parameters": (),
        "blocks": blocks,
        **more,
    }
    return b.Document(name="sample", **members)


def table(title: str, *rows: Any, name: str = "", columns: tuple[b.Column, ...] = (NUMBER,), **more: Any) -> b.Table:
    return b.Table(name or title, title, columns, rows, **more)


@pytest.fixture
def made(tmp_path: Path) -> Any:
    def make(*blocks: b.Block, **more: Any) -> tuple[Workbook, Rendered]:
        rendered = xlsx.render(document(*blocks, **more), RenderContext(tmp_path))
        assert rendered.path == tmp_path / "report.xlsx"
        return openpyxl.load_workbook(rendered.path), rendered

    return make


def values(sheet: Any) -> list[list[Any]]:
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def test_the_first_sheet_says_what_the_report_is(made: Any) -> None:
    figures = (
        b.Figure("cod", "COD", 12.34, b.Kind.NUMBER, 1),
        b.Figure("total", "Total", 1_000_000, b.Kind.MONEY),
        b.Figure("met", "Met", True, b.Kind.BOOLEAN),
        b.Figure("none", "None", None, b.Kind.NUMBER),
        b.Figure("nan", "Not a number", float("nan"), b.Kind.NUMBER),
        b.Figure("text", "Text", "a\x07b"),
        b.Figure("year", "Year", 2026, b.Kind.YEAR),
        b.Figure("day", "Day", datetime.date(2026, 1, 2), b.Kind.DATE),
    )
    book, rendered = made(
        b.KeyFigures("key", figures),
        b.Heading("Part one"),
        b.Text("Its \x07 words."),
        table("Rows", [1], note="Of all."),
        table("Others", [1], name="others"),
        subtitle="Tax year 2026",
        brand=b.Brand("First County, WA", "Assessor", ("1 Main Street", "Tacoma"), "Call us"),
        parameters=(("Tax year", "2026"),),
        notices=("Owners are withheld.", "=1+1"),
    )
    sheet = book["Report"]
    assert values(sheet) == [
        ["Sales", None],
        ["Tax year 2026", None],
        ["First County, WA", None],
        ["Assessor", None],
        ["1 Main Street", None],
        ["Tacoma", None],
        ["Note", "Owners are withheld."],
        ["Note", "=1+1"],
        ["Tax year", "2026"],
        ["Data as of", "Jan 5, 2026, 12:30:00 UTC"],
        ["Job", "7f000001"],
        [None, None],
        ["COD", 12.34],
        ["Total", 1_000_000],
        ["Met", "yes"],
        ["None", "\u2013"],
        ["Not a number", "\u2013"],
        ["Text", "a\ufffdb"],
        ["Year", 2026],
        ["Day", "Jan 2, 2026"],
        ["Part one", None],
        [None, "Its \ufffd words."],
        ["Sheet Rows", "Of all."],
    ]
    assert sheet["B8"].data_type == "s"
    assert [row for row in range(1, 24) if sheet.cell(row, 1).font.bold] == [1, 21]
    assert (sheet["A1"].font.size, sheet["A21"].font.size) == (16, 11)
    assert (sheet["B7"].alignment.wrap_text, sheet["B7"].alignment.vertical) == (True, "top")
    assert [sheet[cell].number_format for cell in ("B13", "B14", "B19")] == ["#,##0.0", "$#,##0;-$#,##0", "0"]
    assert [sheet[cell].alignment.horizontal for cell in ("B13", "B14")] == ["left", "left"]
    assert [round(sheet.column_dimensions[column].width) for column in "AB"] == [35, 91]
    assert rendered.notes == ()


def test_what_is_too_long_for_a_cell_is_cut(made: Any) -> None:
    book, _ = made(b.Text("x" * 40_000), title="y" * 40_000)
    assert [len(book["Report"][cell].value) for cell in ("A1", "B6")] == [32_767, 32_767]


def test_each_table_has_a_name_of_its_own(made: Any) -> None:
    long = "A" * 40
    titles = ["Sales", "SALES", "Report", "History", long, long, "Land/use", "Land_use", "x\x07", "x\x07", "'", ""]
    names = ["Sales", "SALES 2", "Report 2", "History 2", long[:31], f"{long[:29]} 2", "Land_use", "Land_use 2"]
    book, _ = made(*[table(title, [at], name=f"table{at}") for at, title in enumerate(titles)])
    assert book.sheetnames == ["Report", *names, "x\ufffd", "x\ufffd 2", "Sheet", "table11"]
    assert [values(sheet)[1] for sheet in book.worksheets[1:]] == [[at] for at in range(12)]


def test_an_apostrophe_ends_no_name(made: Any) -> None:
    book, _ = made(table(f"{'B' * 30}'s", [1]))
    assert book.sheetnames == ["Report", "B" * 30]


def test_tables_of_one_name_and_of_the_same_columns_are_one(made: Any) -> None:
    """Parcels of two kinds in turn, each kind with the facts that it has."""

    def section(key: str, **facts: Any) -> b.Section:
        items = tuple(b.Figure(name, name.title(), value, b.Kind.NUMBER) for name, value in facts.items())
        return b.Section(key, key, (b.Facts("facts", "Facts", items),))

    book, _ = made(section("1", area=10), section("2", acres=2), section("3", area=30), section("4", acres=4))
    assert book.sheetnames == ["Report", "Facts", "Facts 2"]
    assert values(book["Facts"]) == [["Parcel", "Area"], ["1", 10], ["3", 30]]
    assert values(book["Facts 2"]) == [["Parcel", "Acres"], ["2", 2], ["4", 4]]
    assert [book[name].auto_filter.ref for name in ("Facts", "Facts 2")] == ["A1:B3", "A1:B3"]


def test_totals_come_below_what_is_filtered(made: Any) -> None:
    book, _ = made(
        table("Rows", [1], [2], totals=(3,)), table("Rows", [4], totals=(7,)), table("Rows", ["a"], columns=(WORD,))
    )
    assert values(book["Rows"]) == [["Number"], [1], [2], [4], [7]]
    assert book["Rows"].auto_filter.ref == "A1:A4"
    assert values(book["Rows 2"]) == [["Word"], ["a"]]


def test_texts_without_what_no_cell_holds(made: Any) -> None:
    book, _ = made(table("Rows", ["a\x07b"], ["=1+1"], [None], columns=(WORD,)))
    assert values(book["Rows"]) == [["Word"], ["a\ufffdb"], ["=1+1"]]
    assert book["Rows"]["A3"].data_type == "s"


@pytest.mark.parametrize(("old", "note"), [(0, ()), (1, ("1 date",)), (3, ("3 dates",))])
def test_days_before_excels_calendar_are_left_empty_and_said_so(made: Any, old: int, note: tuple[str, ...]) -> None:
    first = datetime.date(1900, 3, 1)
    days = [[first], *[[first - datetime.timedelta(1)]] * old, [datetime.date(2026, 1, 1)]]
    # In two tables, of which each has its share.
    book, rendered = made(table("One", *days[:3], columns=(DAY,)), table("Two", *days[3:], columns=(DAY,)))
    cells = [row[0] for sheet in book.worksheets[1:] for row in values(sheet)[1:]]
    assert [day for day in cells if day] == [datetime.datetime(1900, 3, 1), datetime.datetime(2026, 1, 1)]
    said = " before March 1, 1900 left empty: Excel has no such days."
    assert rendered.notes == tuple(f"{count}{said}" for count in note)


@pytest.mark.parametrize(("rows", "steps"), [(999, []), (1000, [2000]), (2500, [2000, 2000])])
def test_progress_is_in_cells(tmp_path: Path, rows: int, steps: list[int]) -> None:
    """Of two columns, each thousand rows."""
    cells: list[int] = []
    xlsx.render(
        document(table("Rows", *[[1, "a"]] * rows, columns=(NUMBER, WORD))), RenderContext(tmp_path, cells.append)
    )
    assert cells == steps
