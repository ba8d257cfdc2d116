"""Queries whose SQL is kept. Django makes it anew whenever a query is asked, which for a wide table takes longer than
asking it; what each request asks is worth keeping (docs/adr/0039-kept-queries.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators
from django.utils.functional import cached_property

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class _Plan(Generic[M]):
    """What Django's compiler knows of a query: all of it holds for any value and any connection."""

    sql: str
    model: type[M]
    own: slice
    names: list[str]
    converters: list[tuple[int, list[Any], Any]]
    related: list[Any]


class Kept(Generic[M]):
    """``rows(value)`` is a queryset of which ``value`` is the only parameter; ``like`` is a value of its type.

    ``list`` and ``first`` answer as the queryset would, also its ``only``, ``defer`` and ``select_related``.
    """

    def __init__(self, rows: Callable[[Any], QuerySet[M]], like: str | int | UUID) -> None:
        self.rows, self.like = rows, like

    def first(self, value: object) -> M | None:
        rows = self.list(value)
        return rows[0] if rows else None

    def list(self, value: object) -> list[M]:
        if not isinstance(value, type(self.like)):
            raise TypeError(f"This query takes a value of the type {type(self.like).__name__}, not {value!r:.60}.")
        with connection.cursor() as cursor:
            cursor.execute(self._plan.sql, [value])
            rows = cursor.fetchall()
        return [self._object(row) for row in rows]

    @cached_property
    def _plan(self) -> _Plan[M]:
        compiler: Any = self.rows(self.like).query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        if list(parameters) != [self.like]:
            raise ValueError(f"The query must have its value as the only parameter; it has {list(parameters)!r:.200}.")
        fields = compiler.klass_info["select_fields"]
        own = slice(fields[0], fields[-1] + 1)
        converters = compiler.get_converters([column for column, *_ in compiler.select])
        return _Plan(
            sql,
            compiler.klass_info["model"],
            own,
            [column.target.attname for column, *_ in compiler.select[own]],
            [(place, *how) for place, how in converters.items()],
            # The stubs are of a later Django.
            get_related_populators(compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS),  # type: ignore[call-arg]
        )

    def _object(self, values: tuple[Any, ...]) -> M:
        plan, row = self._plan, [*values]
        for place, converters, expression in plan.converters:
            for convert in converters:
                row[place] = convert(row[place], expression, connection)
        made = plan.model.from_db(DEFAULT_DB_ALIAS, plan.names, row[plan.own])
        for populator in plan.related:
            populator.populate(row, made)
        return made
