"""Columns of a source become columns of a table: each kind, to the last digit, and what does not fit."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terrafusion.records.loading.convert import convert
from terrafusion.records.loading.mapping import FieldMapping
from terrafusion.records.loading.targets import Kind, Target

TODAY = datetime.date(2026, 1, 1)
MAXIMUM = 9_000_000_000_000_000
TEXTS = pa.string()


def converted(kind: Kind, source: Any, type_: pa.DataType | None = None, **more: Any) -> tuple[list[Any], Any]:
    """The values, and by code the rows of each problem with its outcome; ``target`` and the mapping by name."""
    target = Target("column", kind, **more.pop("target", {}))
    column = source if isinstance(source, pa.Array) else pa.array(source, type_ or TEXTS)
    values, problems = convert(column, target, FieldMapping(**more), TODAY)
    assert len(values) == len(column)
    reasons: dict[str, Any] = {}
    for problem in problems:  # a date may be none, or too early: both are bad dates
        rows, _ = reasons.get(problem.reason, ([], ""))
        reasons[problem.reason] = sorted([*rows, *np.flatnonzero(problem.mask).tolist()]), problem.outcome
    return values.to_pylist(), reasons


NUMBERS: list[tuple[str | None, float | None]] = [
    ("12", 12.0),
    (" +1.5 ", 1.5),
    ("-2e3", -2000.0),
    (".5", 0.5),
    ("7.", 7.0),
    ("1,234", 1234.0),
    ("1,234,567.89", 1234567.89),
    ("$1,000", 1000.0),
    ("-$5", -5.0),
    ("$-5.25", -5.25),
    ("", None),
    (None, None),
]
NO_NUMBERS = ["12a", "1,23", "1,2345", "--1", "1e", "$", ".", "nan", "inf", "0x10", "1 000", "1e999", "\x00"]


def test_texts_as_numbers() -> None:
    texts = [text for text, _ in NUMBERS]
    assert converted(Kind.REAL, texts) == ([number for _, number in NUMBERS], {})


def test_keys_that_may_have_lost_digits() -> None:
    """A double holds whole numbers exactly up to 2^53; a spreadsheet shortens what is wider than its column."""
    key = {"key": True}
    numbers = [2.0**53 - 1, 2.0**53, -(2.0**60), None]
    values, problems = converted(Kind.TEXT, numbers, pa.float64(), target=key)
    assert problems == {"lost_digits": ([1, 2], "refused")}
    assert values[1:] == [None, None, None]
    texts = ["1.23457E+11", "4,9E+17", "E12", "1E5", "123E"]
    assert converted(Kind.TEXT, texts, target=key)[1] == {"lost_digits": ([0, 1], "refused")}
    assert converted(Kind.TEXT, texts)[1] == {}
    assert converted(Kind.TEXT, ["12\u200b3", "123"], target=key) == ([None, "123"], {"bad_text": ([0], "refused")})


def test_a_date_of_digits_has_all_of_them() -> None:
    """strptime takes 2024111 for November 1."""
    texts, dates = ["20240131", "2024111", "2024131"], [datetime.date(2024, 1, 31), None, None]
    for format_ in ("", "%Y%m%d"):
        assert converted(Kind.DATE, texts, format=format_) == (dates, {"bad_date": ([1, 2], "refused")})


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_texts_that_are_no_numbers(text: str) -> None:
    values, problems = converted(Kind.REAL, ["1", text, None])
    assert values == [1.0, None, None]
    assert problems == {"bad_number": ([1], "refused")}


@pytest.mark.parametrize("type_", [pa.int64(), pa.string(), pa.large_string()])
def test_whole_numbers_keep_their_last_digit(type_: pa.DataType) -> None:
    """A double has 53 bits: 2**53 + 1 is none."""
    given_numbers = [2**53 + 1, -(2**53) - 1, 10**17 + 1, 0, None]
    source = [None if n is None else n if type_ == pa.int64() else str(n) for n in given_numbers]
    assert converted(Kind.INTEGER, source, type_) == (given_numbers, {})


def test_what_is_no_whole_number() -> None:
    values, problems = converted(Kind.INTEGER, ["1.0", "1.5", f"{MAXIMUM}.0", f"{MAXIMUM + 2}.0", "1e17", "+7"])
    assert values == [1, None, MAXIMUM, None, None, 7]
    assert problems == {"bad_number": ([1, 3, 4], "refused")}


def test_money_is_rounded_to_dollars() -> None:
    values, problems = converted(Kind.MONEY, ["$1,234.56", "0.4", "-0.6", "-3", "0.5", "2.5", "-2.5"])
    assert (values, problems) == ([1235, 0, -1, -3, 1, 3, -3], {})


def test_a_small_number_fits_its_column() -> None:
    values, problems = converted(Kind.INTEGER, [32_767, 32_768, -32_767, -32_768], pa.int64(), target={"small": True})
    assert values == [32_767, None, -32_767, None]
    assert problems == {"bad_number": ([1, 3], "refused")}


def test_a_scaled_number_is_not_taken_as_it_came() -> None:
    assert converted(Kind.INTEGER, ["2"], scale=43_560.0) == ([87_120], {})
    assert converted(Kind.REAL, ["1.5"], scale=2.0) == ([3.0], {})
    assert converted(Kind.REAL, [1e308], pa.float64(), scale=10.0) == ([None], {"bad_number": ([0], "refused")})


@pytest.mark.parametrize(
    ("limit", "code", "rows"),
    [
        ({"nonnegative": True}, "negative", [0]),
        ({"positive": True}, "not_above_zero", [0, 1]),
        ({"maximum": 1}, "too_large", [3]),
    ],
)
@pytest.mark.parametrize("kind", [Kind.REAL, Kind.INTEGER, Kind.MONEY])
def test_limits(kind: Kind, limit: dict[str, Any], code: str, rows: list[int]) -> None:
    values, problems = converted(kind, ["-1", "0", "1", "2", ""], target=limit)
    assert problems == {code: (rows, "refused")}
    assert [row for row, value in enumerate(values) if value is None] == [*rows, 4]


def test_years() -> None:
    """Zero is how many files say unknown."""
    values, problems = converted(Kind.YEAR, ["0", "1499", "1500", "2028", "2029"])
    assert values == [None, None, 1500, 2028, None]
    assert problems == {"bad_year": ([1, 4], "refused")}


DATES: list[tuple[str, str | None]] = [
    ("2025-02-03", "2025-02-03"),
    ("02/03/2025", "2025-02-03"),
    ("2025/02/03", "2025-02-03"),
    ("20250203", "2025-02-03"),
    ("2025-02-03 14:00:00", "2025-02-03"),
    ("2025-02-03T00:00:00Z", "2025-02-03"),
    (" 2025-02-03 ", "2025-02-03"),
    ("1700-01-01", "1700-01-01"),
    ("", None),
]


def test_dates() -> None:
    values, problems = converted(Kind.DATE, [text for text, _ in DATES])
    assert [value and value.isoformat() for value in values] == [day for _, day in DATES]
    assert problems == {}


@pytest.mark.parametrize("text", ["2025-02-30", "1699-12-31", "03.02.2025", "2025-02-03x", "x"])
def test_what_is_no_date(text: str) -> None:
    values, problems = converted(Kind.DATE, ["2025-02-03", text, None])
    assert values == [datetime.date(2025, 2, 3), None, None]
    assert problems == {"bad_date": ([1], "refused")}


def test_a_date_that_is_past_is_not_after_the_countys_day() -> None:
    given_days = [TODAY, TODAY + datetime.timedelta(1)]
    assert converted(Kind.DATE, given_days, pa.date32()) == (given_days, {})
    assert converted(Kind.DATE, given_days, pa.date32(), target={"past": True}) == (
        [TODAY, None],
        {"bad_date": ([1], "refused")},
    )


def test_a_date_of_another_format() -> None:
    assert converted(Kind.DATE, ["03.02.2025"], format="%d.%m.%Y") == ([datetime.date(2025, 2, 3)], {})
    assert converted(Kind.DATE, ["03.02.2025 04:05"], format="%d.%m.%Y %H:%M") == ([datetime.date(2025, 2, 3)], {})
    assert converted(Kind.DATE, ["2025-02-03"], format="%d.%m.%Y") == ([None], {"bad_date": ([0], "refused")})


@pytest.fixture(params=["UTC", "America/New_York"])
def zone_of_machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("zone_of_machine")
def test_datetimes_are_texts_in_utc() -> None:
    texts = ["2025-02-03T04:05:06", "2025-02-03T04:05:06+02:00", ""]
    assert converted(Kind.DATETIME, texts) == (["2025-02-03T04:05:06+00:00", "2025-02-03T02:05:06+00:00", None], {})
    moments = pa.array([datetime.datetime(2025, 2, 3, 4, 5, 6), None], pa.timestamp("ms"))
    assert converted(Kind.DATETIME, moments) == (["2025-02-03T04:05:06+00:00", None], {})
    assert converted(Kind.DATETIME, ["3.2.2025 4:05"], format="%d.%m.%Y %H:%M")[0] == ["2025-02-03T04:05:00+00:00"]


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:00:00-05:00", "yesterday"])
def test_what_is_no_datetime(text: str) -> None:
    assert converted(Kind.DATETIME, [text]) == ([None], {"bad_datetime": ([0], "refused")})


@pytest.mark.parametrize("years", [-3_000, 9_000])
def test_a_datetime_outside_of_the_calendar(years: int) -> None:
    moments = pa.array([0, years * 31_557_600_000], pa.timestamp("ms"))
    assert converted(Kind.DATETIME, moments) == (
        ["1970-01-01T00:00:00+00:00", None],
        {"bad_datetime": ([1], "refused")},
    )


def test_booleans() -> None:
    texts = ["true", "T", " Yes", "y", "1", "False", "f", "NO", "n", "0", "", None]
    assert converted(Kind.BOOLEAN, texts) == ([True] * 5 + [False] * 5 + [None, None], {})
    assert converted(Kind.BOOLEAN, ["maybe", "2"]) == ([None, None], {"bad_boolean": ([0, 1], "refused")})
    assert converted(Kind.BOOLEAN, [True, False, None], pa.bool_()) == ([True, False, None], {})
    assert converted(Kind.BOOLEAN, [1.0, 0.0], pa.float64()) == ([True, False], {})


def test_numbers_as_texts() -> None:
    """A number that a program has written with .0 is the whole number that it was."""
    numbers = [1.0, 1.5, -0.25, 123456789012.0, 1e15, np.nan, None]
    texts = ["1", "1.5", "-0.25", "123456789012", "1e+15", None, None]
    assert converted(Kind.TEXT, pa.array(numbers, pa.float64(), from_pandas=False)) == (texts, {})
    assert converted(Kind.TEXT, [5, None], pa.int32()) == (["5", None], {})


def test_texts_that_cannot_be_kept() -> None:
    raw = pa.array([b"good", b"\xff", b"nul\x00", None], pa.binary())
    source = pa.StringArray.from_buffers(4, *raw.buffers()[1:], raw.buffers()[0])
    for null in ((), ("NA", -999)):
        outcome = converted(Kind.TEXT, source, null=null)
        assert outcome == (["good", None, None, None], {"bad_text": ([1, 2], "refused")})
    assert converted(Kind.TEXT, raw) == ([None] * 4, {"bad_text": ([0, 1, 2], "refused")})
    assert converted(Kind.TEXT, pa.array([[1], None])) == ([None, None], {"bad_text": ([0], "refused")})


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (Kind.REAL, "bad_number"),
        (Kind.INTEGER, "bad_number"),
        (Kind.BOOLEAN, "bad_boolean"),
        (Kind.DATE, "bad_date"),
        (Kind.DATETIME, "bad_datetime"),
    ],
)
def test_bytes_that_are_no_text_are_a_problem_of_every_kind(kind: Kind, reason: str) -> None:
    raw = pa.array([b"", b"\xff", b"1\x00", None], pa.binary())
    source = pa.StringArray.from_buffers(4, *raw.buffers()[1:], raw.buffers()[0])
    assert converted(kind, source) == ([None] * 4, {reason: ([1, 2], "refused")})


def test_keys_are_trimmed_and_padded() -> None:
    assert converted(Kind.TEXT, [" 12 ", ""]) == ([" 12 ", ""], {})
    assert converted(Kind.TEXT, [" 12 ", ""], target={"key": True}, pad=4) == (["0012", ""], {})


@pytest.mark.parametrize(
    ("on_error", "value", "outcome"),
    [("refuse", None, "refused"), ("null", None, "nulled"), ("truncate", "abc", "truncated")],
)
def test_a_text_that_is_too_long(on_error: str, value: str | None, outcome: str) -> None:
    values, problems = converted(Kind.TEXT, ["abc", "abcd"], target={"width": 3}, on_error=on_error)
    assert values == ["abc", value]
    assert problems == {"too_long": ([1], outcome)}


def test_only_a_text_can_be_cut() -> None:
    assert converted(Kind.REAL, ["x"], on_error="truncate") == ([None], {"bad_number": ([0], "refused")})
    assert converted(Kind.REAL, ["x"], on_error="null") == ([None], {"bad_number": ([0], "nulled")})


def test_what_is_required() -> None:
    """A row that is refused for its value is not refused again for having none."""
    needed = {"required": True}
    assert converted(Kind.REAL, ["1"], target=needed) == ([1.0], {})
    assert converted(Kind.TEXT, ["a", "", None], target=needed)[1] == {"missing": ([1, 2], "refused")}
    assert converted(Kind.REAL, ["1", "", "x"], target=needed)[1] == {
        "bad_number": ([2], "refused"),
        "missing": ([1], "refused"),
    }
    nulled = converted(Kind.REAL, ["x"], target=needed, on_error="null")[1]
    assert nulled == {"bad_number": ([0], "nulled"), "missing": ([0], "refused")}


@pytest.mark.parametrize(
    ("source", "null", "expected"),
    [
        (pa.array([" NA ", "na", "1"]), ("NA",), [None, "na", "1"]),
        (pa.array(["-999.0", "-999", "1", "x"]), (-999,), [None, None, "1", "x"]),
        (pa.array([-999, 1]), (-999, "NA"), [None, "1"]),
        (pa.array([-1.5, 1.5]), (-1.5,), [None, "1.5"]),
        (pa.array([-999, 1]), ("NA",), ["-999", "1"]),
        (pa.array([True]), (1,), ["true"]),
        (pa.nulls(1), ("NA",), [None]),
        (pa.array(["", "0"]), (), ["", "0"]),
    ],
)
def test_values_that_mean_unknown(source: pa.Array, null: Any, expected: list[Any]) -> None:
    assert converted(Kind.TEXT, source, null=null) == (expected, {})


CELLS = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.text(alphabet="0123456789.,$+-eE/: TZ", max_size=24),
    st.datetimes().map(str),
    st.integers(-(10**20), 10**20).map(str),
    st.floats().map(str),
)


@given(st.sampled_from(Kind), st.lists(CELLS, max_size=5), st.sampled_from(["refuse", "null", "truncate"]))
def test_any_text_is_a_value_or_a_problem(kind: Kind, cells: list[str | None], on_error: str) -> None:
    """Whatever a file says, a row has a value, is empty, or has a problem that names it."""
    values, problems = converted(kind, cells, on_error=on_error)
    said = {row for rows, _ in problems.values() for row in rows}
    for row, (cell, value) in enumerate(zip(cells, values, strict=True)):
        empty = cell is None or not cell.strip() or (kind is Kind.YEAR and not value and row not in said)
        assert value is not None or empty or row in said, (cell, kind)
