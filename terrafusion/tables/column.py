"""What a column holds, and how a value becomes one of its kind."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, SupportsFloat, SupportsInt

Row = tuple[Any, ...]


class Kind(StrEnum):
    TEXT = "text"  # also parcel numbers and codes: zeros in front stay
    INTEGER = "integer"
    YEAR = "year"  # an integer without a thousands separator
    NUMBER = "number"
    MONEY = "money"  # US dollars
    PERCENT = "percent"  # a fraction: 0.05 is shown as 5%
    DATE = "date"
    DATETIME = "datetime"  # with a time zone; kept in UTC
    BOOLEAN = "boolean"


@dataclass(frozen=True)
class Column:
    """``name`` heads it in CSV and Parquet, ``title`` (default: the name) in XLSX. There ``decimals`` of a NUMBER,
    MONEY or PERCENT are shown, though the value is never rounded, and it is ``width`` characters wide."""

    name: str
    kind: Kind
    title: str = ""
    decimals: int | None = None
    width: int | None = None

    @property
    def places(self) -> int:
        default = {Kind.NUMBER: 2, Kind.PERCENT: 1}.get(self.kind, 0)
        return default if self.decimals is None else self.decimals


def typed(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> Iterator[Row]:
    """The rows with each value of its column's kind; None, NaN and NaT are absent. Raises ValueError for a row of
    another length and for a value that is not of the kind, infinity included."""
    converters = [_CONVERTERS[column.kind] for column in columns]
    for row in rows:
        yield tuple([convert(value) for convert, value in zip(converters, row, strict=True)])


def _absent(value: object) -> bool:
    return value is None or value != value


def _text(value: object) -> str | None:
    return value if type(value) is str else None if _absent(value) else str(value)


def _integer(value: SupportsInt | None) -> int | None:
    if type(value) is int:
        return value
    if value is None or _absent(value):
        return None
    whole = int(value)
    if whole != value:
        raise ValueError(f"{value!r} is not a whole number.")
    return whole


def _number(value: SupportsFloat | None) -> int | float | None:
    if type(value) is int:
        return value
    if value is None or _absent(value):
        return None
    number = float(value)
    if math.isinf(number):
        raise ValueError("Infinity is no number for a table.")
    return number


def _date(value: object) -> date | None:
    if _absent(value):
        return None
    return value.date() if isinstance(value, datetime) else date.fromisoformat(str(value)[:10])


def _datetime(value: datetime | None) -> datetime | None:
    if value is None or _absent(value):
        return None
    if value.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone.")
    return datetime.fromtimestamp(value.timestamp(), UTC)


def _boolean(value: object) -> bool | None:
    return None if _absent(value) else bool(value)


_CONVERTERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: _integer,
    Kind.YEAR: _integer,
    Kind.NUMBER: _number,
    Kind.MONEY: _number,
    Kind.PERCENT: _number,
    Kind.DATE: _date,
    Kind.DATETIME: _datetime,
    Kind.BOOLEAN: _boolean,
}
