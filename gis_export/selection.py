"""Which rows and columns of a layer an export takes, as finished SQL."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.contrib.gis.db.models import GeometryField
from django.db import connection
from django.db.models import BinaryField, BooleanField, F, Field, Func, Q, QuerySet, Value
from django.db.models.expressions import Combinable

from gis_export import shaping
from gis_export.plan import ColumnPlan, LayerPlan, Notice
from gis_export.shaping import Tolerance
from terrafusion.areas import Area, rows
from terrafusion.records import transformations
from terrafusion.records.layers import Layer, LayerField, epoch
from terrafusion.records.models import County

OPERATIONS = ("intersects", "within", "clip")
REPAIRED = "Invalid shapes were repaired, for only valid ones can be cut."
LEFT_OUT = "Records without a geometry are in no area, and were left out."
_REPAIRED = "NOT (ST_Covers(area, feature) OR ST_IsValid(feature))"
_SAMPLED_VERTICES = 100_000
"""Of the shapes of a sample, which an estimate must look at within a request."""
_DIMENSION = {"Point": 1, "MultiPoint": 1, "MultiLineString": 2, "MultiPolygon": 3}  # of ST_CollectionExtract


@dataclass(frozen=True)
class Join:
    """Rows of another statement, at most one for each of the layer's, whose primary key is in the statement's ``key``.
    ``fields`` are those that it gives, in columns of their names; ``unmatched`` says what is lost where it has no row,
    empty where nothing is."""

    sql: str
    key: str
    fields: tuple[LayerField, ...]
    unmatched: str = ""


@dataclass(frozen=True)
class LayerSelection:
    """What is taken of one layer: at first all of it, until the parameters were applied.

    ``area`` is None for all of it; ``srid`` is the output's CRS; ``options`` are the format's.
    ``condition`` is on the layer's queryset; ``filters_personal``: it asks about personal data, so that even a record's
    presence reveals some. A field of a join is read from there; those that the layer has not follow its own.
    ``as_of`` is the day of its values, None for today's; ``precision`` and ``tolerance`` are as in
    ``gis_export.shaping``. ``effective_inputs`` is what the function of ``gis_export.parameters`` returned, once
    for an export. ``sample``: only so many of the rows, or fewer where their shapes are large; 0 for all.
    """

    county: County
    layer: Layer
    fields: tuple[LayerField, ...]
    area: Area | None = None
    operation: str = "intersects"
    srid: int = 4326
    options: dict[str, Any] = field(default_factory=dict)
    condition: Q = field(default_factory=Q)
    filters_personal: bool = False
    as_of: date | None = None
    joins: tuple[Join, ...] = ()
    precision: int | None = None
    tolerance: Tolerance | None = None
    effective_inputs: dict[str, Any] = field(default_factory=dict)
    sample: int = 0

    def without_personal(self) -> tuple[LayerSelection, list[str]]:
        """The selection without personal data, and the names of the fields that were withheld."""
        kept = tuple(field for field in self.fields if not field.personal)
        return replace(self, fields=kept), [field.name for field in self.fields if field.personal]

    def rows(self) -> QuerySet[Any]:
        """The rows that are selected; an area also leaves out those without a geometry."""
        everywhere = self._everywhere()
        return everywhere if self.area is None else rows.select(everywhere, self.layer, self.area, self.operation)

    def _everywhere(self) -> QuerySet[Any]:
        """The rows that would be selected without an area."""
        return self.layer.queryset.filter(self.condition).order_by()

    def plan(self) -> LayerPlan:
        """Of a sample, the SQL gives ``scale`` too: how many times the mean vertices of its shapes those of the first
        rows have."""
        joined = {field.name: f"j{i}" for i, join in enumerate(self.joins) for field in join.fields}
        fields = self.all_fields()
        columns = {f"c{i}": f for i, f in enumerate(fields) if f.name not in joined}
        expressions: dict[str, Any] = {name: field.expression for name, field in columns.items()}
        area = self.area if self.operation == "clip" else None
        if area is not None:
            expressions["repaired"] = self._cut(area, _REPAIRED, BooleanField())
        shape = F(self.layer.geometry) if area is None else self._cut(area, self._clipped(), BinaryField())
        rows = self.rows().annotate(k=F("pk"), g=_opaque(shape), **expressions)
        sql = literal_sql(rows.values_list("k", "g", *expressions))
        if area is not None:
            # OFFSET 0 keeps the planner from computing the intersection a second time for the condition.
            sql = f"SELECT * FROM ({sql} OFFSET 0) AS clipped WHERE ST_IsEmpty(g) IS NOT TRUE"
        if self.sample:
            sql = _sampled(sql, self.sample)
        together = self.tolerance is not None and not self.sample and self._fits_in_memory()
        through, known = transformations.back(self.county, self.layer.name, self.srid)
        shaped = shaping.shaped(sql, self.layer, self.srid, self.precision, self.tolerance, together, through)
        selected = ["f.k", *shaped.columns, *(["f.scale"] if self.sample else [])]
        for i, column in enumerate(fields):
            source = f'{joined[column.name]}."{column.name}"' if column.name in joined else f"f.c{i}"
            selected.append(f"{source} AS c{i}")
        notices = [*shaped.notices]
        if area is not None:
            selected.append("f.repaired")
            notices.append(Notice("altered", REPAIRED, "count(*) FILTER (WHERE repaired)"))
        if self.area is not None:
            shapeless = self._everywhere().filter(**{f"{self.layer.geometry}__isnull": True}).values("pk")
            left_out = f"(SELECT count(*) FROM ({literal_sql(shapeless)}) AS n) - count(*) FILTER (WHERE g IS NULL)"
            notices.append(Notice("dropped", LEFT_OUT, left_out))
        for i, join in enumerate(self.joins):
            if join.unmatched:
                selected.append(f"(j{i}.{join.key} IS NULL) AS unmatched{i}")
                notices.append(Notice("dropped", join.unmatched, f"count(*) FILTER (WHERE unmatched{i})"))
        others = "".join(f" LEFT JOIN ({j.sql}) AS j{i} ON j{i}.{j.key} = f.k" for i, j in enumerate(self.joins))
        sql = f"SELECT {', '.join(selected)} FROM {shaped.source}{others}"
        changed_at = epoch() if self.sample else self.layer.changed_at()
        return LayerPlan(
            name=self.layer.name,
            title=self.layer.title,
            description=self.layer.description,
            sql=sql,
            geometry_type=self.layer.geometry_type,
            srid=self.srid,
            changed_at=changed_at.isoformat(),
            columns=tuple(
                ColumnPlan(field.name, field.type.value, field.width, field.short_name, field.total) for field in fields
            ),
            options=self.options,
            precision=self.precision,
            transformation=known.described() if known else None,
            notices=tuple(notices),
        )

    def all_fields(self) -> tuple[LayerField, ...]:
        """The chosen ones, then those that joins add to the layer."""
        own = {field.name for field in self.layer.fields}
        return (*self.fields, *(field for join in self.joins for field in join.fields if field.name not in own))

    def _fits_in_memory(self) -> bool:
        return planned_rows(self.rows()) <= shaping.MAX_TOGETHER

    def _cut(self, area: Area, sql: str, kind: Field[Any, Any]) -> Func:
        """SQL over a row's ``feature`` and the ``area``."""
        shape = Value(rows.geos(area.geometry), output_field=GeometryField(srid=self.layer.srid))
        template = f"(SELECT {sql} FROM (VALUES (%(expressions)s)) AS both_shapes(feature, area))"
        return Func(F(self.layer.geometry), shape, template=template, output_field=kind)

    def _clipped(self) -> str:
        """In the layer's own CRS."""
        # What lies wholly inside, which is most, needs no intersection; the test is much cheaper. ST_Covers keeps the
        # area prepared from row to row, which ST_CoveredBy does not.
        valid = "CASE WHEN ST_IsValid(feature) THEN feature ELSE ST_MakeValid(feature, 'method=structure') END"
        dimension = _DIMENSION[self.layer.geometry_type]
        sql = (
            "CASE WHEN ST_Covers(area, feature) THEN feature "
            f"ELSE ST_CollectionExtract(ST_Intersection({valid}, area), {dimension}) END"
        )
        return f"ST_Multi({sql})" if self.layer.geometry_type.startswith("Multi") else sql


def _sampled(sql: str, rows: int) -> str:
    """The first rows of a query that gives ``g``, as long as their shapes have few vertices together."""
    return f"""
        SELECT *, coalesce(mean / nullif(avg(vertices) OVER (), 0), 1) AS scale
        FROM (
            SELECT *, avg(vertices) OVER () AS mean, sum(vertices) OVER (ROWS UNBOUNDED PRECEDING) - vertices AS before
            FROM (SELECT *, coalesce(ST_NPoints(g), 0) AS vertices FROM ({sql} LIMIT {rows}) AS r OFFSET 0) AS r
        ) AS r
        WHERE before < {_SAMPLED_VERTICES}"""


def _opaque(shape: Combinable) -> Func:
    """GeoDjango would select a geometry as hexadecimal bytes."""
    return Func(shape, template="%(expressions)s", output_field=BinaryField())


def literal_sql(rows: QuerySet[Any]) -> str:
    """The queryset's SQL with every parameter quoted by the driver, as COPY demands."""
    sql, parameters = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        quoted: str = cursor.mogrify(sql, parameters)
    return quoted


def planned_rows(rows: QuerySet[Any]) -> int:
    """How many rows the planner's statistics expect; no row is read."""
    (plan,) = json.loads(rows.values("pk").explain(format="json"))
    return int(plan["Plan"]["Plan Rows"])
