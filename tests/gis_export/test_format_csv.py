"""CSV, read by DuckDB and by Python's csv module."""

from __future__ import annotations

import csv
import datetime
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import shapely

from gis_export.formats.csv import CSV
from gis_export.plan import ColumnPlan, LayerPlan
from terrafusion.formulas import safe
from tests.gis_export.conftest import Exports, Row
from tests.gis_export.test_format_kml import complete
from tests.gis_export.truth import Truth

FORMULA = tuple("=+-@\t\r")
_TYPES: dict[type, Callable[[str], Any]] = {
    bool: lambda text: {"true": True, "false": False}[text],
    int: int,
    float: float,
}


def read(path: Path, like: Row) -> list[Row]:
    return [
        Row(values(cells, like), None if cells[-1] is None else shapely.from_wkt(cells[-1])) for cells in table(path)
    ]


def table(path: Path) -> list[tuple[str | None, ...]]:
    """DuckDB tells an unquoted empty cell (absent) from a quoted one (an empty text)."""
    with duckdb.connect() as database:
        cursor = database.execute(
            "SELECT * FROM read_csv(?, header = true, all_varchar = true, delim = ',', quote = '\"', escape = '\"', "
            "allow_quoted_nulls = false, nullstr = '', strict_mode = true, auto_detect = false, "
            f"columns = {_columns(path)})",
            [str(path)],
        )
        cells: list[tuple[str | None, ...]] = cursor.fetchall()
        return cells


def header(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file))


def _columns(path: Path) -> str:
    # DuckDB tells no case in names of columns, so they are numbered here.
    return "{" + ", ".join(f"'column{i}': 'VARCHAR'" for i in range(len(header(path)))) + "}"


def values(cells: Iterable[str | None], like: Row) -> dict[str, Any]:
    """The attributes, of the types of ``like``, which has a value in every field."""
    return {
        name: None if cell is None else _typed(cell, sample)
        for (name, sample), cell in zip(like.values.items(), cells, strict=False)
    }


def _typed(text: str, sample: Any) -> Any:
    if isinstance(sample, datetime.datetime):
        return datetime.datetime.fromisoformat(text).astimezone(datetime.UTC)
    if isinstance(sample, datetime.date):
        return datetime.date.fromisoformat(text)
    if type(sample) in _TYPES:
        return _TYPES[type(sample)](text)
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text


TRUTH = Truth(lambda exports, export, layer: read(export.holding(layer), complete(exports.rows(layer))))


@pytest.mark.parametrize("layer", ["parcels", "sales", "zoning", "roads", "trees"])
def test_header(exports: Exports, layer: str) -> None:
    assert header(exports("CSV", layer).path) == [*exports.fields(layer), "geometry_wkt"]


def test_no_cell_runs_as_a_formula(exports: Exports) -> None:
    export = exports("CSV", "parcels")
    fields = exports.fields("parcels")
    rows = exports.rows("parcels")
    numbers = {name for name in fields if any(type(row.values[name]) in (int, float) for row in rows)}
    with export.path.open(encoding="utf-8", newline="") as file:
        cells = [(name, cell) for row in csv.DictReader(file) for name, cell in row.items()]
    assert not [cell for name, cell in cells if cell.startswith(FORMULA) and name not in numbers]
    assert [cell for name, cell in cells if cell.startswith("-") and name in numbers]  # a negative number is no text
    texts = [value for row in exports.rows("parcels") for value in row.values.values() if isinstance(value, str)]
    count = sum(text.startswith(FORMULA) for text in texts)
    assert count > 10
    assert export.losses("parcels") == [("altered", "", count)]


def test_no_name_of_a_field_runs_as_a_formula() -> None:
    columns = (ColumnPlan("=1+1", "text"), ColumnPlan("name", "text"))
    layer = LayerPlan("odd", "Odd", "", "", "Point", 4326, "2024-01-01T00:00:00+00:00", columns, {"geometry": "none"})
    assert CSV().header(layer) == '"\'=1+1","name"\r\n'


def test_form_of_the_file(exports: Exports) -> None:
    content = exports("CSV", "parcels").path.read_bytes()
    assert content.endswith(b"\r\n")
    assert not content.startswith(b"\xef\xbb\xbf")
    assert b'\r\n"0012",' in content  # a parcel number keeps its zeros, and is quoted as text


@pytest.mark.parametrize("blank", ["", " ", "   ", "\n", "\xa0", "\u200b", "\ufeff", " \t"])
@pytest.mark.parametrize("sign", "=+-@")
def test_a_formula_behind_blanks_is_guarded(sign: str, blank: str) -> None:
    """Spreadsheets take blanks in front away, and run the rest."""
    counts: Counter[str] = Counter()
    texts = pa.array([f"{blank}{sign}1+1", f"{blank}x{sign}", None, ""])
    escaped = CSV().escape(texts, counts).to_pylist()
    assert escaped == [f"'{blank}{sign}1+1", f"{blank}x{sign}", None, ""]
    assert counts["neutralised"] == 1
    assert safe(f"{blank}{sign}1+1") == f"'{blank}{sign}1+1"
