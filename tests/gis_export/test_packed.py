"""Values that PostgreSQL packs into a record are what Arrow takes out of it."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from gis_export.writer.packed import COLUMN, packed, unpacked

pytestmark = pytest.mark.django_db

# What a database's text may hold, the characters that mean something in a record above all.
_TEXTS = st.text(st.one_of(st.sampled_from("\"\\(),\n\r\t' N"), st.characters(codec="utf-8", exclude_characters="\0")))


def through_the_database(rows: Sequence[tuple[str | None, ...]]) -> list[tuple[str | None, ...]]:
    names = [f"v{i}" for i in range(len(rows[0]))]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {packed(names)} FROM unnest({', '.join(['%s::text[]'] * len(names))}) WITH ORDINALITY "
            f"AS f({', '.join(names)}, place) ORDER BY place",
            [list(column) for column in zip(*rows, strict=True)],
        )
        records = [record for (record,) in cursor.fetchall()]
    batch = unpacked(pa.RecordBatch.from_arrays([pa.array(records), pa.array(records)], ["g", COLUMN]), names)
    assert batch.schema.names == ["g", *names]
    return list(zip(*(batch.column(name).to_pylist() for name in names), strict=True))


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.tuples(*[st.none() | _TEXTS] * n), min_size=1, max_size=6)))
def test_any_text(rows: list[tuple[str | None, ...]]) -> None:
    assert through_the_database(rows) == rows


def test_absent_and_empty() -> None:
    rows = [(None,), ("",), ("\\N",), ("NULL",), ('""',), (" ",), ("\n",), ("\\",), ("\ufeff",)]
    assert through_the_database(rows) == rows


def test_more_than_the_reader_of_csv_takes_at_once() -> None:
    rows = [("x" * 3_000_000, None, '"\n' * 1_000_000), (None, "", "last")]
    assert through_the_database(rows) == rows


def test_no_rows() -> None:
    none = pa.RecordBatch.from_arrays([pa.array([], pa.string())], [COLUMN])
    assert unpacked(none, ["v0", "v1"]).to_pydict() == {"v0": [], "v1": []}


def test_numbers_are_as_postgresql_writes_them() -> None:
    numbers = ["1e-08", "12345678901.5", "-0", "NaN", "-Infinity", "9007199254740993", "t"]
    sql = packed([*(f"'{number}'::float8" for number in numbers[:5]), "9007199254740993::bigint", "true"])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sql}")
        (record,) = cursor.fetchone()
    names = [f"v{i}" for i in range(len(numbers))]
    batch = unpacked(pa.RecordBatch.from_arrays([pa.array([record])], [COLUMN]), names)
    assert batch.to_pylist() == [dict(zip(names, numbers, strict=True))]
