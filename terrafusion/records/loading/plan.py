"""What differs between parcels, sales and reference layers when they are loaded."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection, models
from django.db.backends.utils import CursorWrapper

from terrafusion.records.loading.derive import NUMBERS, is_value
from terrafusion.records.loading.errors import LoadError
from terrafusion.records.loading.geometry import to_hex
from terrafusion.records.loading.mapping import FieldMapping, Mapping, match
from terrafusion.records.loading.readers import Source
from terrafusion.records.loading.report import LoadReport, Rejects
from terrafusion.records.loading.rows import Batch
from terrafusion.records.loading.targets import Kind, Target
from terrafusion.records.loading.upsert import Upsert
from terrafusion.records.models import County


@dataclass(frozen=True)
class Request:
    """What to load: as the command line said it, checked."""

    county: County
    layer: str
    source: Source
    mapping: Mapping
    described: str  # the rows' ``source``
    as_of: datetime.date | None


class LoadPlan:
    """How one kind of layer is loaded. The steps are called in the order in which they stand here."""

    key: tuple[str, ...]
    geometry_type: str
    tables: tuple[str, ...]  # to be analyzed afterwards
    recorded_as_loads: tuple[type[models.Model], ...] = ()  # too large for an edit of each row
    whole: str = ""  # the column whose rows are accepted or refused together

    def __init__(self, request: Request) -> None:
        self.request = request

    def fields(self) -> list[tuple[Target, FieldMapping]]:
        """The targets and where their values come from; ``LoadError`` when a required one has no source."""
        raise NotImplementedError

    def staged_types(self) -> dict[str, str]:
        """Column of the staging table -> PostgreSQL type, in order."""
        raise NotImplementedError

    def stage(self, batch: Batch) -> dict[str, pa.Array]:
        """The batch as columns of the staging table."""
        raise NotImplementedError

    def prepare(self, cursor: CursorWrapper, report: LoadReport, rejects: Rejects) -> None:
        """Between staging and the upsert."""

    def upsert(self) -> Upsert:
        raise NotImplementedError

    def finish(self, cursor: CursorWrapper, report: LoadReport) -> None:
        """After the upsert, in the same transaction."""


class ModelPlan(LoadPlan):
    """A layer that is a model with a column for each target."""

    model: type[models.Model]
    targets: dict[str, Target]
    geometry_column: str
    defaults: dict[str, Any] = {}  # of columns that the mapping leaves out, on insert

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self._fields = _mapped(request, self.targets)
        self.columns = [target.name for target, _ in self._fields]

    def fields(self) -> list[tuple[Target, FieldMapping]]:
        return self._fields

    @property
    def has_geometry(self) -> bool:
        return bool(self.request.mapping.x) or self.request.source.geometry_type is not None

    def staged_types(self) -> dict[str, str]:
        names = [*self.columns, *self.geometry_columns()]
        return {name: str(self.model._meta.get_field(name).db_type(connection)) for name in names}

    def geometry_columns(self) -> list[str]:
        return [self.geometry_column] if self.has_geometry else []

    def stage(self, batch: Batch) -> dict[str, pa.Array]:
        staged = {"row_number": batch.row_numbers}
        for target, _ in self._fields:
            values = batch.columns[target.name]
            if target.kind is Kind.TEXT:
                values = pc.fill_null(values.cast(pa.string()), "")
            elif target.kind is Kind.BOOLEAN:
                values = pc.fill_null(values, False)
            staged[target.name] = values
        if batch.shapes is not None and self.has_geometry:
            staged[self.geometry_column] = to_hex(batch.shapes)
        return staged

    def upsert(self) -> Upsert:
        staged = [name for name in self.staged_types() if name not in self.key]
        blank = {
            field.name: ""
            for field in self.model._meta.concrete_fields
            if isinstance(field, models.CharField) and field.name not in self.columns
        }
        return Upsert(
            table=self.model._meta.db_table,
            scope={"county_id": self.request.county.pk},
            also={},
            key=self.key,
            columns=tuple(staged),
            defaults=blank | {name: value for name, value in self.defaults.items() if name not in staged},
            kept=self.kept(),
            touched="updated_at",
        )

    def kept(self) -> frozenset[str]:
        return frozenset()


def _mapped(request: Request, targets: dict[str, Target]) -> list[tuple[Target, FieldMapping]]:
    """Each target with its source: the mapping, else a column of the target's own name, else a constant."""
    mapping, columns = request.mapping, request.source.columns
    where = f"The mapping {mapping.name}"
    if unknown := sorted(set(mapping.fields) - set(targets)):
        raise LoadError(
            f"{where} names {', '.join(unknown)}, which {request.layer} do not have. They have: {', '.join(targets)}."
        )
    own_names = {column.casefold(): column for column in columns}
    constants = {"source": request.described, "as_of": request.as_of}
    mapped = []
    for name, target in targets.items():
        how = mapping.fields.get(name)
        if how is not None and how.columns:
            if len(how.columns) > 1 and target.kind not in {*NUMBERS, Kind.TEXT}:
                raise LoadError(f"{where} names several columns for {name}: only those of numbers and texts may.")
            if how.default is not None and not is_value(how.default, target):
                raise LoadError(f"{where}: the default of {name}, {how.default!r}, is no value of type {target.kind}.")
            how = replace(how, columns=tuple(match(column, columns, where) for column in how.columns))
        elif how is None and name in own_names:
            how = FieldMapping(columns=(own_names[name],))
        elif how is None and constants.get(name) is not None:
            how = FieldMapping(value=constants[name])
        if how is not None and how.rows:
            _check_rows(how.rows, target, mapping)
        if how is not None:
            mapped.append((target, how))
        elif target.required:
            raise LoadError(
                f"No column of {request.source.path.name} is loaded into {name}: name one in a mapping. "
                f"The file has: {', '.join(columns)}. To have one proposed, use: manage.py inspect."
            )
    return mapped


def _check_rows(rows: str, target: Target, mapping: Mapping) -> None:
    where = f"The mapping {mapping.name}: rows of {target.name}"
    if mapping.duplicates != "merge":
        raise LoadError(f'{where} needs duplicates = "merge", which says that rows of one parcel are merged.')
    if target.key or (rows == "sum" and target.kind not in NUMBERS - {Kind.YEAR}):
        raise LoadError(f"{where} cannot be {rows}: it is no number that can be added.")


def only_used(fields: Sequence[tuple[Target, FieldMapping]], mapping: Mapping) -> list[str]:
    """The source columns that must be read."""
    names = [column for _, how in fields for column in how.columns]
    return list(dict.fromkeys([*names, *(name for name in (mapping.x, mapping.y) if name)]))
