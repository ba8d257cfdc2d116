"""Values of a field from one column or several of the file, some of them replaced, and what stands for none."""

from __future__ import annotations

import datetime
from dataclasses import replace
from functools import reduce

import pyarrow as pa
import pyarrow.compute as pc

from terrafusion.records.loading.convert import convert
from terrafusion.records.loading.mapping import FieldMapping
from terrafusion.records.loading.problems import Problem
from terrafusion.records.loading.targets import Kind, Target

NUMBERS = frozenset({Kind.INTEGER, Kind.REAL, Kind.MONEY, Kind.YEAR})


def derive(
    batch: pa.RecordBatch, target: Target, how: FieldMapping, today: datetime.date
) -> tuple[pa.Array, list[Problem]]:
    """The values of ``target`` by the mapping, as ``convert`` returns them.

    ``how.values`` replaces what a column has before it is read. Several columns are added where the target is a number,
    and joined by blanks where it is a text; what is unknown in one of them counts for nothing.
    """
    if not how.columns:
        return convert(pa.array([how.value] * batch.num_rows), target, how, today)
    columns = [_replaced(batch.column(name), how, today) for name in how.columns]
    problems: list[Problem] = []
    if len(columns) > 1:
        columns, problems = _read(columns, target, how, today)
    source = reduce(_added if target.kind in NUMBERS else _joined, columns)
    values, unfit = convert(source, replace(target, required=target.required and how.default is None), how, today)
    problems += unfit
    return (values if how.default is None else _filled(values, target, how, problems, today)), problems


def is_value(value: object, target: Target) -> bool:
    """Whether a constant of a mapping can be a value of ``target``."""
    return not convert(pa.array([value]), target, FieldMapping(), datetime.date.max)[1]


def _replaced(column: pa.Array, how: FieldMapping, today: datetime.date) -> pa.Array:
    """Texts that are a key of ``how.values`` become what it says; a number counts as the text that it is written as."""
    if not how.values:
        return column
    texts, _ = convert(column, Target("", Kind.TEXT), FieldMapping(), today)
    place = pc.index_in(pc.utf8_trim_whitespace(texts), pa.array(list(how.values)))
    return pc.coalesce(pc.take(pa.array([str(value) for value in how.values.values()]), place), texts)


def _read(
    columns: list[pa.Array], target: Target, how: FieldMapping, today: datetime.date
) -> tuple[list[pa.Array], list[Problem]]:
    """Each of several columns by itself: a number that cannot be read refuses its row, whatever the others are."""
    part = Target(target.name, Kind.REAL if target.kind in NUMBERS else Kind.TEXT, personal=target.personal)
    read = [convert(column, part, replace(how, scale=1.0, pad=0), today) for column in columns]
    return [values for values, _ in read], [problem for _, problems_of_one in read for problem in problems_of_one]


def _added(left: pa.Array, right: pa.Array) -> pa.Array:
    both = pc.add(pc.fill_null(left, 0.0), pc.fill_null(right, 0.0))
    return pc.if_else(pc.and_(pc.is_null(left), pc.is_null(right)), None, both)


def _joined(left: pa.Array, right: pa.Array) -> pa.Array:
    texts = [pc.utf8_trim_whitespace(pc.fill_null(part, "")) for part in (left, right)]
    return pc.utf8_trim_whitespace(pc.binary_join_element_wise(*texts, " "))


def _filled(
    values: pa.Array, target: Target, how: FieldMapping, problems: list[Problem], today: datetime.date
) -> pa.Array:
    """``how.default`` in rows without a value, but not where the value that is there cannot be taken."""
    default, _ = convert(pa.array([how.default]), target, FieldMapping(), today)
    empty = pc.is_null(values)
    if target.kind is Kind.TEXT:
        empty = pc.or_(empty, pc.fill_null(pc.equal(values, ""), False))
    for problem in problems:
        empty = pc.and_(empty, pc.invert(pa.array(problem.mask)))
    return pc.if_else(empty, default[0], values)
