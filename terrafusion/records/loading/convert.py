"""Source columns become columns of the target's type, a batch at a time; what does not fit is a ``Problem``."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from terrafusion.records.loading import whole
from terrafusion.records.loading.mapping import FieldMapping
from terrafusion.records.loading.problems import Mask, Problem, shown
from terrafusion.records.loading.targets import Kind, Target

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_GROUPED = r"^[+-]?\$?\d{1,3}(,\d{3})+(\.\d+)?$|^[+-]?\$\d+(\.\d+)?$|^\$?[+-]?\d{1,3}(,\d{3})*(\.\d+)?$"
_TRUE, _FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
_DATES = (  # strptime alone takes 202411 for January 1, 2024
    (re.compile(r"\d{4}-\d{1,2}-\d{1,2}$"), "%Y-%m-%d"),
    (re.compile(r"\d{1,2}/\d{1,2}/\d{4}$"), "%m/%d/%Y"),
    (re.compile(r"\d{4}/\d{1,2}/\d{1,2}$"), "%Y/%m/%d"),
    (re.compile(r"\d{8}$"), "%Y%m%d"),
)
_TIME = re.compile(  # of day, as databases write it behind their dates
    r"[ T]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)? ?([AaPp][Mm])? ?(Z|UTC|[+-]\d{2}(:?\d{2})?)?$"
)
_ADJOINING = re.compile(r"%[A-Za-z]%[A-Za-z]")
_LOST_DIGITS = r"^[+-]?\d([.,]\d+)?[eE]\+\d{2,}$"  # a number as spreadsheets shorten it
_INVISIBLE = "[\x00-\x1f\x7f\u200b-\u200f\u2028\u2029\u2060\ufeff]"
_DOUBLE = 2.0**53  # whole numbers up to here are exact
_SMALL, _MAXIMUM = 32_767, 9_000_000_000_000_000
_FIRST_DATE = datetime.date(1700, 1, 1)
_FIRST_YEAR = 1500

Converted = tuple[Any, Mask, str]  # an Arrow array, null where the mask is set; the mask's reason


def convert(
    source: pa.Array, target: Target, how: FieldMapping, today: datetime.date
) -> tuple[pa.Array, list[Problem]]:
    """``source`` as values of ``target``. Where a problem's outcome is a refusal the value is null. ``today`` is the
    county's own day."""
    values, bad, reason = _CONVERTERS[target.kind](_without_nulls(source, how), target, how)
    checks = [(bad, reason)]
    if target.key:
        checks.append((_lost_digits(source, values), "lost_digits"))
        checks.append((_mask(pc.match_substring_regex(values, _INVISIBLE)), "bad_text"))
    if target.kind in {Kind.TEXT, Kind.DATETIME} and target.width is not None:
        checks.append((_mask(pc.greater(pc.utf8_length(values), target.width)), "too_long"))
    elif target.kind in {Kind.INTEGER, Kind.REAL, Kind.MONEY}:
        if target.nonnegative:
            checks.append((_mask(pc.less(values, 0)), "negative"))
        if target.positive:
            checks.append((_mask(pc.less_equal(values, 0)), "not_above_zero"))
        if target.maximum is not None:
            checks.append((_mask(pc.greater(values, target.maximum)), "too_large"))
    elif target.kind is Kind.YEAR:
        values = pc.if_else(_mask(pc.equal(values, 0)), None, values)
        outside = pc.or_(pc.less(values, _FIRST_YEAR), pc.greater(values, today.year + 2))
        checks.append((_mask(outside), "bad_year"))
    elif target.kind is Kind.DATE:
        latest_date = today if target.past else datetime.date.max
        outside = pc.or_(pc.less(values, _FIRST_DATE), pc.greater(values, latest_date))
        checks.append((_mask(outside), "bad_date"))
    problems = []
    for mask, code in checks:
        if not mask.any():
            continue
        outcome = {"refuse": "refused", "null": "nulled", "truncate": "refused"}[how.on_error]
        if code == "too_long" and how.on_error == "truncate":
            values, outcome = pc.if_else(mask, pc.utf8_slice_codeunits(values, 0, target.width), values), "truncated"
        else:
            values = pc.if_else(pa.array(mask), pa.scalar(None, values.type), values)
        problems.append(Problem(mask, code, shown(target.name, source, target.personal), outcome))
    if target.required:
        empty = _mask(pc.is_null(values) if target.kind is not Kind.TEXT else pc.equal(pc.fill_null(values, ""), ""))
        refused = _any([problem.mask for problem in problems if problem.outcome == "refused"], len(source))
        if (missing := empty & ~refused).any():
            problems.append(Problem(missing, "missing", lambda _: f"{target.name} is empty"))
    return values, problems


def _without_nulls(source: pa.Array, how: FieldMapping) -> pa.Array:
    """Null where the value is one that the mapping calls unknown."""
    if not how.null or pa.types.is_null(source.type):
        return source
    if pa.types.is_string(source.type) or pa.types.is_large_string(source.type):
        readable, _ = _valid_text(source.cast(pa.string()))
        unknown = pc.is_in(pc.utf8_trim_whitespace(readable), pa.array([str(value) for value in how.null]))
        numbers = [float(value) for value in how.null if isinstance(value, int | float)]
        if numbers:
            parsed, _, _ = _real(source, None, FieldMapping())
            unknown = pc.or_(unknown, pc.fill_null(pc.is_in(parsed, pa.array(numbers)), False))
        return pc.if_else(unknown, None, source)
    if pa.types.is_integer(source.type) or pa.types.is_floating(source.type):
        numbers = [float(value) for value in how.null if isinstance(value, int | float)]
        return pc.if_else(
            pc.is_in(pc.cast(source, pa.float64(), safe=False), pa.array(numbers, pa.float64())), None, source
        )
    return source


def _text(source: pa.Array, target: Target, how: FieldMapping) -> Converted:
    bad = np.zeros(len(source), dtype=bool)
    kind = source.type
    if pa.types.is_floating(kind):
        whole = pc.and_(pc.equal(pc.floor(source), source), pc.less(pc.abs(source), 1e15))
        as_whole = pc.cast(pc.cast(pc.if_else(whole, source, None), pa.int64()), pa.string())
        values = pc.coalesce(as_whole, pc.cast(pc.if_else(pc.is_nan(source), None, source), pa.string()))
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        values = source if pa.types.is_string(kind) else pc.cast(source, pa.string())
        values, bad = _valid_text(values)
    elif pa.types.is_binary(kind) or pa.types.is_nested(kind):
        values = pa.nulls(len(source), pa.string())
        bad = _mask(pc.is_valid(source))
    else:
        values = pc.cast(source, pa.string())
    if target.key:
        values = pc.utf8_trim_whitespace(values)
    if how.pad:
        values = pc.if_else(_mask(pc.not_equal(values, "")), pc.utf8_lpad(values, how.pad, "0"), values)
    return values, bad, "bad_text"


def _lost_digits(source: pa.Array, values: pa.Array) -> Mask:
    """Keys that were numbers of fewer digits than they had: two different ones may look the same."""
    if pa.types.is_floating(source.type):
        return _mask(pc.greater_equal(pc.abs(source), _DOUBLE))
    return _mask(pc.match_substring_regex(values, _LOST_DIGITS))


def _valid_text(values: pa.Array) -> tuple[pa.Array, Mask]:
    """PostgreSQL stores UTF-8 without the character NUL; a source in a wrongly declared encoding may hold anything."""
    try:
        values.validate(full=True)
        bad = np.zeros(len(values), dtype=bool)
    except pa.ArrowInvalid:
        raw = values.cast(pa.binary()).to_pylist()
        bad = np.array([value is not None and not _decodes(value) for value in raw])
        values = pa.array([None if wrong else value for value, wrong in zip(raw, bad, strict=True)], pa.binary()).cast(
            pa.string()
        )
    bad = bad | _mask(pc.match_substring(values, "\x00"))
    return (pc.if_else(pa.array(bad), None, values) if bad.any() else values), bad


def _decodes(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _real(source: pa.Array, target: Target | None, how: FieldMapping) -> Converted:
    kind = source.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        source, unreadable = _valid_text(source.cast(pa.string()))
        text = pc.utf8_trim_whitespace(source)
        grouped = _mask(pc.match_substring_regex(text, _GROUPED))
        if grouped.any():
            text = pc.if_else(grouped, pc.replace_substring_regex(text, r"[$,]", ""), text)
        readable = _mask(pc.match_substring_regex(text, _NUMBER))
        bad = unreadable | (_mask(pc.not_equal(text, "")) & ~readable)
        values = pc.cast(pc.if_else(readable, text, None), pa.float64())
    elif (
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_decimal(kind)
    ):
        values, bad = pc.cast(source, pa.float64(), safe=False), np.zeros(len(source), dtype=bool)
        values = pc.if_else(pc.is_nan(values), None, values)
    else:
        values, bad = pa.nulls(len(source), pa.float64()), _mask(pc.is_valid(source))
    if how.scale != 1.0:
        values = pc.multiply(values, how.scale)
    infinite = _mask(pc.is_inf(values))
    return (pc.if_else(infinite, None, values) if infinite.any() else values), bad | infinite, "bad_number"


def _integer(source: pa.Array, target: Target, how: FieldMapping) -> Converted:
    values, bad, reason = _real(source, target, how)
    if target.kind is Kind.MONEY:
        values = pc.round(values, round_mode="half_towards_infinity")
    maximum = _SMALL if target.small else _MAXIMUM
    wrong = _mask(pc.or_(pc.not_equal(pc.floor(values), values), pc.greater(pc.abs(values), maximum)))
    integers = pc.cast(pc.if_else(wrong, None, values), pa.int64()) if wrong.any() else pc.cast(values, pa.int64())
    exact = _exact(source) if how.scale == 1.0 and not target.small else None
    if exact is not None:  # beyond 2**53 a double loses the last digits of an identifier
        integers, wrong = pc.coalesce(exact, integers), wrong & _mask(pc.is_null(exact))
    return integers, bad | wrong, reason


def _exact(source: pa.Array) -> pa.Array | None:
    if pa.types.is_signed_integer(source.type):
        return pc.cast(source, pa.int64())
    if pa.types.is_string(source.type) or pa.types.is_large_string(source.type):
        text, _ = _valid_text(source.cast(pa.string()))
        return whole.numbers(text)
    return None


def _boolean(source: pa.Array, target: Target, how: FieldMapping) -> Converted:
    if pa.types.is_boolean(source.type):
        return source, np.zeros(len(source), dtype=bool), "bad_boolean"
    texts, unreadable, _ = _text(source, Target("", Kind.TEXT, key=True), FieldMapping())
    lower = pc.utf8_lower(texts)
    true, false = pc.is_in(lower, pa.array(_TRUE)), pc.is_in(lower, pa.array(_FALSE))
    values = pc.if_else(true, True, pc.if_else(false, False, pa.scalar(None, pa.bool_())))
    bad = _mask(pc.and_(pc.is_null(values), pc.not_equal(lower, "")))
    return values, bad | unreadable, "bad_boolean"


def _date(source: pa.Array, target: Target, how: FieldMapping) -> Converted:
    if pa.types.is_date(source.type) or pa.types.is_timestamp(source.type):
        return pc.cast(source, pa.date32(), safe=False), np.zeros(len(source), dtype=bool), "bad_date"
    values, bad = _parsed(source, lambda text: _parse_date(text, how.format), pa.date32())
    return values, bad, "bad_date"


def _datetime(source: pa.Array, target: Target, how: FieldMapping) -> Converted:
    """ISO 8601 in UTC, as text: datetimes live in JSON. A time without a zone is taken as UTC."""
    if pa.types.is_timestamp(source.type):
        zoned = pc.cast(source, pa.timestamp("us", "UTC"), safe=False)
        years = pc.year(zoned)
        bad = _mask(pc.or_(pc.less(years, datetime.MINYEAR), pc.greater(years, datetime.MAXYEAR)))
        moments = pc.if_else(bad, None, zoned).to_pylist()
        texts = [None if moment is None else moment.isoformat() for moment in moments]
        return pa.array(texts, pa.string()), bad, "bad_datetime"
    values, bad = _parsed(source, lambda text: _parse_datetime(text, how.format), pa.string())
    return values, bad, "bad_datetime"


def _parsed(source: pa.Array, parse: Callable[[str], Any], kind: pa.DataType) -> tuple[pa.Array, Mask]:
    """Each distinct text parsed once: a batch holds few different dates."""
    texts, unreadable, _ = _text(source, Target("", Kind.TEXT, key=True), FieldMapping())
    encoded = pc.dictionary_encode(texts)
    parsed = pa.array([parse(text) for text in encoded.dictionary.to_pylist()], kind)
    values = pc.take(parsed, encoded.indices)
    bad = _mask(pc.and_(pc.is_null(values), pc.not_equal(texts, "")))
    return values, bad | unreadable


def _parse_date(text: str, wanted: str) -> datetime.date | None:
    day = text if wanted else _TIME.sub("", text)
    pattern = wanted or next((pattern for form, pattern in _DATES if form.match(day)), "")
    try:
        date = datetime.datetime.strptime(day, pattern).date() if pattern else None
    except ValueError:
        return None
    if date and _ADJOINING.search(wanted) and len(date.strftime(wanted)) != len(text):
        return None  # digits that belong to no part for certain
    return date


def _parse_datetime(text: str, wanted: str) -> str | None:
    try:
        moment = datetime.datetime.strptime(text, wanted) if wanted else datetime.datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=datetime.UTC)
        return moment.astimezone(datetime.UTC).isoformat()
    except (ValueError, OverflowError):  # in the first or last hours of the calendar, which UTC puts outside of it
        return None


_CONVERTERS: dict[Kind, Callable[[pa.Array, Target, FieldMapping], Converted]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.YEAR: _integer,
    Kind.MONEY: _integer,
    Kind.REAL: _real,
    Kind.BOOLEAN: _boolean,
    Kind.DATE: _date,
    Kind.DATETIME: _datetime,
}


def _mask(condition: pa.Array) -> Mask:
    """A condition as a numpy mask; unknown counts as false."""
    return np.asarray(pc.fill_null(condition, False).to_numpy(zero_copy_only=False), dtype=bool)


def _any(masks: list[Mask], length: int) -> Mask:
    return np.logical_or.reduce(masks) if masks else np.zeros(length, dtype=bool)
