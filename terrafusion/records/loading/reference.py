"""Loading a reference layer: the layer is what the file says, its record and its features."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from terrafusion.records.loading.errors import LoadError
from terrafusion.records.loading.geometry import to_hex
from terrafusion.records.loading.mapping import FieldMapping, match
from terrafusion.records.loading.plan import LoadPlan, Request
from terrafusion.records.loading.report import LoadReport, Rejects
from terrafusion.records.loading.rows import Batch
from terrafusion.records.loading.staging import TABLE
from terrafusion.records.loading.targets import Kind, Target
from terrafusion.records.loading.upsert import Upsert
from terrafusion.records.models import ReferenceFeature, ReferenceLayer

_MULTI = {"Point": "MultiPoint", "LineString": "MultiLineString", "Polygon": "MultiPolygon"}
_KEY = Target("feature_key", Kind.TEXT, width=100, required=True, key=True)


class ReferencePlan(LoadPlan):
    """Without a key column a feature's key is its row number in the file.

    Of a layer that is there already, what the mapping does not name stays: the title, the descriptions, and which
    columns hold personal data.
    """

    key = ("feature_key",)
    tables = ("records_referencefeature",)

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.about = request.mapping.layer
        self.geometry_type = self._geometry_type()
        self._widths: dict[str, int] = {}
        self.columns = self._kept_columns()
        self.names = _attribute_names(list(self.columns))
        self.record = ReferenceLayer.objects.filter(county=request.county, name=request.layer).first()
        self._known = {one["name"]: one for one in self.record.field_schema} if self.record else {}

    def fields(self) -> list[tuple[Target, FieldMapping]]:
        how = self.request.mapping.fields
        pairs = [
            (Target(self.names[column], kind, personal=self._is_personal(column)), self._how(column))
            for column, kind in self.columns.items()
        ]
        if self.about.key:
            key = match(self.about.key, self.request.source.columns, "The mapping")
            pairs.insert(0, (_KEY, FieldMapping(columns=(key,))))
        if unknown := sorted(set(how) - set(self.columns)):
            raise LoadError(
                f"[fields] of the mapping names {', '.join(unknown)}, which the layer does not keep. "
                f"It keeps: {', '.join(self.columns)}."
            )
        return pairs

    def staged_types(self) -> dict[str, str]:
        return {"feature_key": "text", "attributes": "jsonb", "geometry": "geometry"}

    def stage(self, batch: Batch) -> dict[str, pa.Array]:
        attributes = {name: batch.columns[name] for name in self.names.values()}
        for name, values in attributes.items():
            if pa.types.is_string(values.type):
                longest = pc.max(pc.utf8_length(values)).as_py() or 0
                self._widths[name] = max(longest, self._widths.get(name, 1))
        rows = pa.table(attributes).to_pylist() if attributes else [{} for _ in range(len(batch.row_numbers))]
        # jsonb keeps its own order of keys; field_schema keeps the source's.
        texts = [json.dumps(row, default=lambda value: value.isoformat(), ensure_ascii=False) for row in rows]
        nothing = pa.nulls(len(batch.row_numbers), pa.string())
        return {
            "row_number": batch.row_numbers,
            "feature_key": batch.columns["feature_key"] if self.about.key else batch.row_numbers.cast(pa.string()),
            "attributes": pa.array(texts, pa.string()),
            "geometry": nothing if batch.shapes is None else to_hex(batch.shapes),
        }

    def prepare(self, cursor: CursorWrapper, report: LoadReport, rejects: Rejects) -> None:
        """The layer's record, written only where it differs."""
        self._refused = [key if self.about.key else str(row) for row, key in rejects.refused]
        request, about = self.request, self.about
        named = {"title": about.title, "description": about.description, "as_of": request.as_of}
        columns: dict[str, Any] = {
            "geometry_type": self.geometry_type,
            "field_schema": self._schema(),
            "source": request.described,
            **{name: value for name, value in named.items() if value},
        }
        if self.record is None:
            title = request.layer.replace("_", " ").capitalize()
            self.record = ReferenceLayer.objects.create(
                county=request.county, name=request.layer, **{"title": title, **columns}
            )
        elif any(getattr(self.record, name) != value for name, value in columns.items()):
            for name, value in columns.items():
                setattr(self.record, name, value)
            self.record.save()

    def upsert(self) -> Upsert:
        assert self.record is not None, "prepare() comes first"  # noqa: S101 - an invariant of Plan's order
        return Upsert(
            table=ReferenceFeature._meta.db_table,
            scope={"layer_id": self.record.pk},
            also={"county_id": self.request.county.pk},
            key=self.key,
            columns=("attributes", "geometry"),
            defaults={},
        )

    def finish(self, cursor: CursorWrapper, report: LoadReport) -> None:
        """The layer is the file: what the file no longer has is removed. Features whose rows were refused stay."""
        assert self.record is not None, "prepare() comes first"  # noqa: S101 - as above
        cursor.execute(
            sql.SQL(
                "DELETE FROM records_referencefeature f WHERE f.layer_id = {} AND NOT EXISTS "
                "(SELECT FROM {} s WHERE s.feature_key = f.feature_key) AND f.feature_key <> ALL ({})"
            ).format(sql.Literal(self.record.pk), TABLE, sql.Literal(self._refused))
        )
        report.removed = int(cursor.rowcount)
        for column, name in self.names.items():
            if column != name:
                report.notes.append(f"The column {column!r} became {name!r}.")

    def _geometry_type(self) -> str:
        if self.about.geometry_type:
            return self.about.geometry_type
        if self.request.mapping.x:
            return "MultiPoint"
        known = str(self.request.source.geometry_type).removeprefix("Multi")
        if known in _MULTI:
            return _MULTI[known]
        raise LoadError(
            f"{self.request.source.path.name} has no shapes, or points, lines and polygons in one layer: "
            "give [layer] geometry_type in a mapping, or [point] for a table with coordinates."
        )

    def _kept_columns(self) -> dict[str, Kind]:
        source, about = self.request.source, self.about
        for column in (*about.keep, *about.drop, *(about.personal or ()), *about.types, *about.descriptions):
            if column not in source.columns:
                match("", (), "") if not source.columns else match(column, source.columns, "The mapping")
                raise LoadError(f"The mapping's [layer] must spell the column {column!r} as the file does.")
        wanted = about.keep or tuple(column for column in source.columns if column not in about.drop)
        kinds = {column: about.types.get(column, source.types[column]) for column in wanted}
        return {column: kind for column, kind in kinds.items() if kind is not None}

    def _how(self, column: str) -> FieldMapping:
        how = self.request.mapping.fields.get(column, FieldMapping())
        return replace(how, columns=(column,), value=None)

    def _schema(self) -> list[dict[str, Any]]:
        return [
            {
                "name": self.names[column],
                "type": str(kind),
                "width": self._widths.get(self.names[column]) if kind is Kind.TEXT else None,
                "description": self.about.descriptions.get(column, self._before(column).get("description", "")),
                "personal": self._is_personal(column),
            }
            for column, kind in self.columns.items()
        ]

    def _is_personal(self, column: str) -> bool:
        if self.about.personal is None:
            return bool(self._before(column).get("personal"))
        return column in self.about.personal

    def _before(self, column: str) -> dict[str, Any]:
        """What the layer's record says of the column, before this load."""
        known: dict[str, Any] = self._known.get(self.names[column], {})
        return known


def _attribute_names(columns: list[str]) -> dict[str, str]:
    """Column -> attribute name: letters, digits and single underscores, beginning with a letter, unique.

    Django reads a double underscore in a path into JSON as a step inward, and a number as a place in a list.
    """
    names: dict[str, str] = {}
    for column in columns:
        base = re.sub(r"_{2,}", "_", re.sub(r"\W", "_", column)).strip("_") or "field"
        name = base if base[0].isalpha() else f"f_{base}"
        number = 2
        while name in names.values():
            name, number = f"{base}_{number}", number + 1
        names[column] = name
    return names
