"""Tables are read back by programs that did not write them."""

from __future__ import annotations

import csv
import hashlib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import psutil
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terrafusion.tables import Column, Kind, write, xlsx

COLUMNS = [
    Column("parcel", Kind.TEXT, "Parcel number"),
    Column("sales", Kind.INTEGER),
    Column("built", Kind.YEAR),
    Column("ratio", Kind.NUMBER, decimals=3),
    Column("price", Kind.MONEY, "Price"),
    Column("share", Kind.PERCENT),
    Column("day", Kind.DATE),
    Column("at", Kind.DATETIME),
    Column("valid", Kind.BOOLEAN),
]
AT = datetime(2016, 1, 31, 12, 30, 5, tzinfo=UTC)
ROWS: list[tuple[Any, ...]] = [
    ("0001800010", 3, 1900, 0.1 + 0.2, 565_000, 0.055, date(2016, 1, 31), AT, True),
    ("=1+1", -1, None, -0.5, -1.25, None, None, None, False),
    ('say "no", ünï', None, None, float("nan"), np.float64(7), np.nan, None, None, None),
]
KEPT = [*ROWS[:2], ('say "no", ünï', None, None, None, 7.0, None, None, None, None)]


def made(folder: Path, rows: Any = ROWS) -> dict[str, Path]:
    paths = {ending: folder / f"table{ending}" for ending in (".csv", ".xlsx", ".parquet")}
    assert write(COLUMNS, rows, list(paths.values()), title="Sales: 2016/01") == len(rows)
    return paths


def test_parquet(tmp_path: Path) -> None:
    table = pq.read_table(made(tmp_path)[".parquet"])
    assert [tuple(row.values()) for row in table.to_pylist()] == KEPT
    kinds = [str(field.type) for field in table.schema]
    assert kinds[:4] == ["string", "int64", "int32", "double"]
    assert kinds[6:] == ["date32[day]", "timestamp[us, tz=UTC]", "bool"]


def test_csv(tmp_path: Path) -> None:
    path = made(tmp_path)[".csv"]
    assert path.read_bytes().endswith(b"\r\n")
    with path.open(newline="", encoding="utf-8") as file:
        header, *lines = csv.reader(file)
    assert header == [column.name for column in COLUMNS]
    first = ["0001800010", "3", "1900", "0.30000000000000004", "565000", "0.055", "2016-01-31"]
    assert lines[0] == [*first, "2016-01-31T12:30:05Z", "true"]
    assert lines[1][:5] == ["'=1+1", "-1", "", "-0.5", "-1.25"]
    assert lines[2][0] == 'say "no", ünï'


def test_xlsx(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(made(tmp_path)[".xlsx"])
    sheet = book["Sales_ 2016_01"]
    header, *rows = sheet.iter_rows()
    assert [cell.value for cell in header] == [column.title or column.name for column in COLUMNS]
    naive = [[value.replace(tzinfo=None) if isinstance(value, datetime) else value for value in row] for row in KEPT]
    naive[0][6] = datetime(2016, 1, 31)
    for cells, values in zip(rows, naive, strict=True):
        for cell, value in zip(cells, values, strict=True):
            # XlsxWriter writes 16 digits.
            assert cell.value == (pytest.approx(value, rel=1e-15) if isinstance(value, float) else value)
    assert [cell.data_type for cell in rows[1][:2]] == ["s", "n"]  # a text, not a formula
    assert [cell.number_format for cell in rows[0]][3:8] == [
        "#,##0.000",
        "$#,##0;-$#,##0",
        "0.0%",
        "yyyy-mm-dd",
        "yyyy-mm-dd hh:mm:ss",
    ]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:I4")


def test_full_sheets_and_long_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MAX_ROWS", 3)
    path = tmp_path / "table.xlsx"
    write([Column("text", Kind.TEXT)], [["🙂" * 20_000], ["b"], ["c"]], [path], title="Sales of a county, all of them")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Sales of a county, all of them", "Sales of a county, all of the 2"]
    first, second = book.worksheets
    assert first["A2"].value == "🙂" * 16_383 + "…"
    assert [cell.value for cell in second["A"]] == ["text", "c"]


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    digests = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        digests.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in made(tmp_path / name).values()])
    assert digests[0] == digests[1]


def test_no_rows(tmp_path: Path) -> None:
    paths = made(tmp_path, [])
    assert pq.read_table(paths[".parquet"]).num_rows == 0
    assert len(paths[".csv"].read_text().splitlines()) == 1
    assert openpyxl.load_workbook(paths[".xlsx"]).active.max_row == 1


@pytest.mark.parametrize("row", [["a"], ["a", 1.5], ["a", float("inf")], ["a", 1, 2]])
def test_wrong_values_are_refused(tmp_path: Path, row: list[Any]) -> None:
    columns = [Column("text", Kind.TEXT), Column("number", Kind.INTEGER)]
    with pytest.raises((ValueError, OverflowError)):
        write(columns, [row], [tmp_path / "table.csv"])


def test_progress_can_end_it(tmp_path: Path) -> None:
    seen: list[int] = []

    def progress(written: int) -> None:
        seen.append(written)
        if written > 1_500:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        write([Column("n", Kind.INTEGER)], ([n] for n in range(10_000)), [tmp_path / "t.xlsx"], progress=progress)
    assert seen == [1_000, 2_000]


def test_memory_is_flat(tmp_path: Path) -> None:
    columns = [Column("text", Kind.TEXT), Column("number", Kind.NUMBER)]
    rows = ((f"parcel {n}" * 10, n / 7) for n in range(60_000))
    seen: list[int] = []
    paths = [tmp_path / f"t{ending}" for ending in (".csv", ".xlsx", ".parquet")]
    write(columns, rows, paths, progress=lambda _: seen.append(psutil.Process().memory_info().rss))
    assert max(seen) - seen[25] < 30_000_000  # from the first full row group on


@given(st.text(max_size=20).filter(lambda text: "\x00" not in text))
def test_csv_never_begins_a_cell_as_a_formula(text: str) -> None:
    from terrafusion.formulas import SIGNS, safe

    assert safe(text)[:1] not in tuple(SIGNS)
    assert safe(text).strip()[:1] not in tuple("=+-@")
    assert safe(text) in (text, "'" + text)
    assert safe(text) == text or set(text) & set(SIGNS)
