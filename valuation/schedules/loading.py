"""Loading a table from a file, by the manners of ``terrafusion.records.loading``: all or nothing, rejects reported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from django.db import models
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from terrafusion.records.loading import LoadError, LoadReport, Options, load
from terrafusion.records.loading.mapping import FieldMapping
from terrafusion.records.loading.plan import ModelPlan, Request
from terrafusion.records.loading.staging import TABLE
from terrafusion.records.loading.targets import Kind, Target
from terrafusion.words import unknown
from valuation.models import SCHEDULES
from valuation.models.schedules import ScheduleRow

_POSITIVE = {
    "size_sqft",
    "rate_per_sqft",
    "local_multiplier",
    "economic_life_years",
    "base_lot_sqft",
    "rent_per_sqft_year",
    "cap_rate_percent",
    "gross_rent_multiplier",
}
_SHARES = {"residual_percent", "vacancy_percent", "expense_percent"}


def load_schedule(
    county_id: str, kind: str, file: Path, options: Options | None = None, *, replaces: bool = False
) -> LoadReport:
    """Load the table ``kind`` (a key of ``SCHEDULES``) of a county. Raises ``LoadError``, with nothing changed.

    ``options.as_of`` is the day from which rows are in force that do not say it. ``replaces``: rows of the file's days
    that the file no longer has are removed.
    """
    if kind not in SCHEDULES:
        raise LoadError(unknown("table", kind, available=SCHEDULES))
    plan = type(f"{kind.title()}Plan", (_SchedulePlan,), {"model": SCHEDULES[kind], "replaces": replaces})
    return load(county_id, kind, file, options, plan)


class _SchedulePlan(ModelPlan):
    model: type[ScheduleRow]
    replaces: bool
    geometry_type = ""
    has_geometry = False

    def __init__(self, request: Request) -> None:
        if request.mapping.x or request.source.geometry_type is not None:
            raise LoadError(f"{request.source.path.name} has geometries: a table of rates is a plain one, such as CSV.")
        self.key = ("effective_from", *self.model.key)
        self.tables = (self.model._meta.db_table,)
        self.targets = _targets(self.model)
        self.defaults = _defaults(self.model)
        super().__init__(_with_defaults(request, self.model, self.targets))

    def finish(self, cursor: CursorWrapper, report: LoadReport) -> None:
        if self.replaces:
            cursor.execute(
                sql.SQL(
                    "DELETE FROM {table} t WHERE county_id = {county} "
                    "AND effective_from IN (SELECT effective_from FROM {stage}) "
                    "AND NOT EXISTS (SELECT FROM {stage} s WHERE {same})"
                ).format(
                    table=sql.Identifier(self.model._meta.db_table),
                    county=sql.Literal(self.request.county.pk),
                    stage=TABLE,
                    same=sql.SQL(" AND ").join(
                        sql.SQL("s.{0} = t.{0}").format(sql.Identifier(name)) for name in self.key
                    ),
                )
            )
            report.removed = int(cursor.rowcount)


def _with_defaults(request: Request, model: type[ScheduleRow], targets: dict[str, Target]) -> Request:
    """What the file does not have: the day of the command, and of the texts that say what a row is for, any."""
    columns = {column.casefold() for column in request.source.columns}
    fields = dict(request.mapping.fields)
    if "effective_from" not in fields and "effective_from" not in columns:
        if request.as_of is None:
            raise LoadError(f"{request.source.path.name} does not say from when it is in force: give --effective-from.")
        fields["effective_from"] = FieldMapping(value=request.as_of)
    for name in model.key:
        if targets[name].kind is Kind.TEXT and name not in fields and name not in columns:
            fields[name] = FieldMapping(value="")
    return replace(request, mapping=replace(request.mapping, fields=fields))


def _targets(model: type[ScheduleRow]) -> dict[str, Target]:
    targets = {}
    for field in model._meta.concrete_fields:
        name = field.name
        if name in ("id", "county", "updated_at"):
            continue
        figure = name in model.figures or isinstance(field, models.FloatField)
        targets[name] = Target(
            name=name,
            kind=_kind(field),
            width=field.max_length if isinstance(field, models.CharField) else None,
            required=name == "effective_from" or (figure and not field.has_default()),
            key=name in model.key and isinstance(field, models.CharField),
            nonnegative=figure,
            positive=name in _POSITIVE,
            maximum=100.0 if name in _SHARES else None,
        )
    return targets


def _kind(field: models.Field[Any, Any]) -> Kind:
    if isinstance(field, models.CharField):
        return Kind.TEXT
    if isinstance(field, models.FloatField):
        return Kind.REAL
    return Kind.BOOLEAN if isinstance(field, models.BooleanField) else Kind.DATE


def _defaults(model: type[ScheduleRow]) -> dict[str, Any]:
    """Of the columns that a file may leave out."""
    return {
        field.name: field.get_default()
        for field in model._meta.concrete_fields
        if field.has_default() and isinstance(field, models.FloatField | models.BooleanField)
    }
