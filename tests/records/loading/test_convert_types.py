"""Columns of a source that has types of its own, and what is said of a value that does not fit."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from terrafusion.records.loading.convert import convert
from terrafusion.records.loading.mapping import FieldMapping
from terrafusion.records.loading.targets import Kind, Target
from tests.records.loading.test_convert import TODAY, converted

BAD = {"bad_number": ([0], "refused")}
NOON = datetime.datetime(2025, 2, 3, 12, 30)


def details(kind: Kind, source: list[str], **target: Any) -> list[str]:
    """Of the first problem of each row."""
    _, problems = convert(pa.array(source), Target("price", kind, **target), FieldMapping(), TODAY)
    return [problem.detail(int(problem.mask.argmax())) for problem in problems]


def test_what_is_said_of_a_value() -> None:
    """As it came, whatever was tried on it."""
    assert details(Kind.REAL, ["1", " x "]) == ["price: ' x '"]
    assert details(Kind.REAL, ["$1,234"], maximum=1000) == ["price: '$1,234'"]
    assert details(Kind.TEXT, ["abcd"], width=3) == ["price: 'abcd'"]
    assert details(Kind.REAL, ["1", ""], required=True) == ["price is empty"]


def test_what_is_personal_is_not_said() -> None:
    assert details(Kind.TEXT, ["Ann Smith"], width=3, personal=True) == ["price: (personal data, not shown)"]


@pytest.mark.parametrize(
    ("kind", "values", "type_", "expected"),
    [
        (Kind.REAL, [True, False, None], pa.bool_(), [1.0, 0.0, None]),
        (Kind.REAL, [Decimal("1.50"), None], pa.decimal128(9, 2), [1.5, None]),
        (Kind.REAL, [2**53 + 1], pa.int64(), [float(2**53)]),
        (Kind.REAL, [1.5, float("nan")], pa.float32(), [1.5, None]),
        (Kind.REAL, [" 1.5"], pa.large_string(), [1.5]),
        (Kind.INTEGER, [Decimal("7.00")], pa.decimal128(9, 2), [7]),
        (Kind.INTEGER, [7.0, None], pa.float64(), [7, None]),
        (Kind.INTEGER, [4_000_000_000], pa.uint32(), [4_000_000_000]),
        (Kind.MONEY, [0.6, None], pa.float64(), [1, None]),
        (Kind.YEAR, ["2025.0", " 1999"], pa.string(), [2025, 1999]),
        (Kind.TEXT, ["a"], pa.large_string(), ["a"]),
        (Kind.TEXT, [NOON.date()], pa.date32(), ["2025-02-03"]),
        (Kind.DATE, [NOON, None], pa.timestamp("ms"), [NOON.date(), None]),
        (Kind.DATE, [NOON.date()], pa.date64(), [NOON.date()]),
        (Kind.DATE, [20250203], pa.int64(), [NOON.date()]),
        (Kind.DATETIME, [1], pa.timestamp("ns"), ["1970-01-01T00:00:00+00:00"]),
        (Kind.DATETIME, [NOON], pa.timestamp("us", "America/Los_Angeles"), ["2025-02-03T12:30:00+00:00"]),
        (Kind.DATETIME, [datetime.datetime(1, 1, 1)], pa.timestamp("s"), ["0001-01-01T00:00:00+00:00"]),
        (Kind.DATETIME, [datetime.datetime(9999, 12, 31)], pa.timestamp("s"), ["9999-12-31T00:00:00+00:00"]),
        (Kind.BOOLEAN, ["yes"], pa.large_string(), [True]),
    ],
)
def test_values_of_a_type(kind: Kind, values: list[Any], type_: pa.DataType, expected: list[Any]) -> None:
    assert converted(kind, pa.array(values, type_, from_pandas=False)) == (expected, {})


@pytest.mark.parametrize(
    ("kind", "value", "type_"),
    [
        (Kind.REAL, float("inf"), pa.float64()),
        (Kind.REAL, b"1", pa.binary()),
        (Kind.REAL, NOON.date(), pa.date32()),
        (Kind.INTEGER, 1.5, pa.float64()),
        (Kind.INTEGER, -9_000_000_000_000_002.0, pa.float64()),
        (Kind.INTEGER, float("-inf"), pa.float64()),
    ],
)
def test_values_that_are_no_numbers(kind: Kind, value: Any, type_: pa.DataType) -> None:
    assert converted(kind, [value, None], type_) == ([None, None], BAD)


def test_a_number_may_be_no_number_for_two_reasons() -> None:
    outcome = converted(Kind.REAL, ["1e308", "x", "2"], scale=10.0)
    assert outcome == ([None, None, 20.0], {"bad_number": ([0, 1], "refused")})


def test_a_small_number_in_a_text_fits_its_column() -> None:
    values, problems = converted(Kind.INTEGER, ["32767", "32768"], target={"small": True})
    assert (values, problems) == ([32_767, None], {"bad_number": ([1], "refused")})


def test_a_long_number_is_not_the_one_that_means_unknown() -> None:
    assert converted(Kind.INTEGER, [2**53 + 1, -999], pa.int64(), null=(-999,)) == ([2**53 + 1, None], {})
    assert converted(Kind.REAL, [0.5, -999.0], pa.float64(), null=("NA", -999)) == ([0.5, None], {})
    assert converted(Kind.TEXT, ["NA", "-999", "x"], pa.large_string(), null=("NA", -999)) == ([None, None, "x"], {})


def test_a_moment_that_is_too_long_for_its_column() -> None:
    values, problems = converted(Kind.DATETIME, ["2025-02-03T04:05:06"], target={"width": 10})
    assert (values, problems) == ([None], {"too_long": ([0], "refused")})


def test_a_year_of_zero_is_none_where_one_is_required() -> None:
    values, problems = converted(Kind.YEAR, ["0", "2025"], target={"required": True})
    assert (values, problems) == ([None, 2025], {"missing": ([0], "refused")})
