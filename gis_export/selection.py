"""Which rows and columns of a layer an export takes, as finished SQL."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from django.contrib.gis.db.models import GeometryField
from django.db import connection
from django.db.models import BinaryField, F, Func, Q, QuerySet, Value

from gis_export.plan import Column, LayerPlan
from terrafusion.areas import Area, rows
from terrafusion.records.layers import Layer, LayerField

OPERATIONS = ("intersects", "within", "clip")
_DIMENSION = {"Point": 1, "MultiPoint": 1, "MultiLineString": 2, "MultiPolygon": 3}  # of ST_CollectionExtract


@dataclass(frozen=True)
class Selection:
    """What is taken of one layer: at first all of it, until the parameters were applied.

    ``area`` is None for all of it; ``srid`` is the output's CRS; ``options`` are the format's.
    ``condition`` is on the layer's queryset; ``filters_personal``: it asks about personal data, so that even a record's
    presence tells some.
    """

    layer: Layer
    fields: tuple[LayerField, ...]
    area: Area | None = None
    operation: str = "intersects"
    srid: int = 4326
    options: dict[str, Any] = field(default_factory=dict)
    condition: Q = field(default_factory=Q)
    filters_personal: bool = False

    def without_personal(self) -> tuple[Selection, list[str]]:
        """The selection without personal data, and the names of the fields that were withheld."""
        kept = tuple(field for field in self.fields if not field.personal)
        return replace(self, fields=kept), [field.name for field in self.fields if field.personal]

    def rows(self) -> QuerySet[Any]:
        """The rows that are selected; an area also leaves out those without a geometry."""
        every = self.layer.queryset.filter(self.condition).order_by()
        return every if self.area is None else rows.select(every, self.layer, self.area, self.operation)

    def plan(self) -> LayerPlan:
        columns = {f"c{i}": field.expression for i, field in enumerate(self.fields)}
        selected = self.rows().annotate(k=F("pk"), g=self._geometry(), **columns).values_list("k", "g", *columns)
        sql = literal_sql(selected)
        if self.area is not None and self.operation == "clip":
            # OFFSET 0 keeps the planner from computing the intersection a second time for the condition.
            sql = f"SELECT * FROM ({sql} OFFSET 0) AS clipped WHERE NOT ST_IsEmpty(g)"
        changed_at = self.layer.changed_at()
        return LayerPlan(
            name=self.layer.name,
            title=self.layer.title,
            description=self.layer.description,
            sql=sql,
            geometry_type=self.layer.geometry_type,
            srid=self.srid,
            changed_at=changed_at.isoformat(),
            columns=tuple(
                Column(field.name, field.type.value, field.width, field.short_name, field.total)
                for field in self.fields
            ),
            options=self.options,
        )

    def _geometry(self) -> Func:
        expressions: list[Any] = [F(self.layer.geometry)]
        template = "%(expressions)s"
        if self.area is not None and self.operation == "clip":
            expressions.append(Value(rows.geos(self.area.geometry), output_field=GeometryField(srid=self.layer.srid)))
            dimension = _DIMENSION[self.layer.geometry_type]
            # What lies wholly inside, which is most, needs no intersection; the test is much cheaper.
            template = (
                "(SELECT CASE WHEN ST_CoveredBy(feature, area) THEN feature "
                f"ELSE ST_CollectionExtract(ST_Intersection(feature, area), {dimension}) END "
                "FROM (VALUES (%(expressions)s)) AS both_shapes(feature, area))"
            )
            if self.layer.geometry_type.startswith("Multi"):
                template = f"ST_Multi({template})"
        if self.srid != self.layer.srid:
            template = f"ST_Transform({template}, {self.srid})"
        # The declared output is opaque, for GeoDjango would select a geometry as hexadecimal bytes.
        return Func(*expressions, template=template, output_field=BinaryField())


def literal_sql(rows: QuerySet[Any]) -> str:
    """The queryset's SQL with every parameter quoted by the driver, as COPY demands."""
    sql, parameters = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        quoted: str = cursor.mogrify(sql, parameters)
    return quoted


def planned_rows(rows: QuerySet[Any]) -> int:
    """How many rows the planner's statistics expect; no row is read."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {literal_sql(rows.values('pk'))}")
        (plan,) = cursor.fetchone()[0]
    return int(plan["Plan"]["Plan Rows"])
