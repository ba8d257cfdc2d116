"""One load, from file to committed rows: everything happens in one transaction or not at all."""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pyarrow as pa
from django.db import DatabaseError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql
from pyproj import CRS
from pyproj.exceptions import CRSError
from tqdm import tqdm

from terrafusion.history.bulk import unrecorded
from terrafusion.operations import common_area
from terrafusion.records import county_time, layers, transformations
from terrafusion.records.loading import mapping as mappings
from terrafusion.records.loading import shape_types, staging, upsert
from terrafusion.records.loading.ahead import ahead
from terrafusion.records.loading.errors import LoadError
from terrafusion.records.loading.geometry import GeometryReader
from terrafusion.records.loading.mapping import Mapping
from terrafusion.records.loading.parcels import ParcelPlan
from terrafusion.records.loading.plan import LoadPlan, Request, only_used
from terrafusion.records.loading.readers import Source, batches, open_source
from terrafusion.records.loading.reference import ReferencePlan
from terrafusion.records.loading.report import LoadReport, Rejects
from terrafusion.records.loading.rows import RowReader
from terrafusion.records.loading.sales import SalePlan
from terrafusion.records.models import County
from terrafusion.words import counted, unknown

_LAYER_NAME = re.compile(r"^[a-z][a-z0-9_]{0,39}$")
_PLANS: dict[str, type[LoadPlan]] = {"parcels": ParcelPlan, "sales": SalePlan}
_MISTAKEN = {"parcel": "parcels", "property": "parcels", "properties": "parcels", "sale": "sales"}


@dataclass(frozen=True)
class Options:
    """What the caller asks for besides county, layer and file."""

    mapping: Path | None = None
    source_layer: str = ""
    crs: int | None = None
    dry_run: bool = False
    rejects: Path | None = None
    as_of: datetime.date | None = None
    source: str = ""
    progress: bool = False


def load(
    county_id: str, layer: str, file: Path, options: Options | None = None, plan_type: type[LoadPlan] | None = None
) -> LoadReport:
    """Load ``file`` into a layer of the county: parcels, sales, or the reference layer of that name; or, by a
    ``plan_type`` of its own, into a plugin's table.

    Raises ``LoadError``, with the database as it was, when the file or the request is at fault.
    """
    options = options or Options()
    started = time.monotonic()
    county, plan_type = _county(county_id), plan_type or _plan_type(layer)
    mapping = mappings.read(options.mapping) if options.mapping else Mapping()
    report = LoadReport(county=county.pk, layer=layer, file=file.name, dry_run=options.dry_run)
    if options.rejects and options.rejects.exists() and file.exists() and options.rejects.samefile(file):
        raise LoadError(f"The rejects would be written over {file}: name another file.")
    with (
        open_source(file, options.source_layer or mapping.source_layer, mapping.text) as source,
        Rejects(options.rejects, report) as rejects,
    ):
        mapping = _with_point(mapping, source)
        source.geometry_type = shape_types.of(source)
        request = Request(county, layer, source, mapping, _described(options, source), options.as_of)
        plan = plan_type(request)
        fields = plan.fields()
        used = only_used(fields, mapping)
        report.unused = [name for name in source.columns if name not in used]
        geometry = _geometry_reader(plan, county, source, mapping, options.crs)
        day = county_time.today(county)
        reader = RowReader(fields, plan.key, geometry, mapping.x, mapping.y, day, report, rejects)
        try:
            _run(plan, reader, report, rejects, options)
        except (DatabaseError, psycopg.Error) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise LoadError(f"The database refused the load, nothing was changed: {reason}.") from error
        report.notes += [*source.notes, *([remedy] if (remedy := source.undecoded.remedy()) else [])]
    report.seconds = round(time.monotonic() - started, 3)
    return report


def _described(options: Options, source: Source) -> str:
    """The rows' ``source``: the file, and of several layers in it which one."""
    file = source.path.name
    alone = Path(file.removesuffix(".gz")).stem == source.layer
    return (options.source or (file if alone else f"{file} {source.layer}"))[:200]


def _run(plan: LoadPlan, reader: RowReader, report: LoadReport, rejects: Rejects, options: Options) -> None:
    with transaction.atomic():
        # psycopg's own cursor: Django's would keep a copy of every statement under DEBUG.
        with connection.cursor() as wrapper:
            cursor = wrapper.cursor
            # 1. One load of a county at a time: counts are right, and two loads cannot deadlock.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"load {report.county}"])
            # A server that computes for a loader that was killed notices within seconds and rolls back.
            cursor.execute("SET LOCAL client_connection_check_interval = '2s'")
            # However long it takes: the limit of the server is one for those who wait at a screen.
            cursor.execute("SET LOCAL statement_timeout = 0")
            # Fresh tables have no statistics, and a nested loop over a whole county would never end.
            cursor.execute("SET LOCAL enable_nestloop = off")
            # 2. The file, row by row checked, into the staging table.
            types = plan.staged_types() | ({staging.REFUSED: "boolean"} if plan.whole else {})
            staging.create(cursor, types)
            staging.copy(cursor, list(types), _staged(plan, reader, options.progress), plan.key)
            _refuse_parts(cursor, plan, report, rejects)
            _refuse_nothing_left(report, plan.request.source)
            with unrecorded(cursor, *plan.recorded_as_loads):
                # 3. What needs all rows at once: duplicates, multi-parcel sales, the layer's record.
                plan.prepare(cursor, report, rejects)
                _refuse_duplicates(cursor, plan, report, rejects)
                # 4. Into the table, and what follows from it.
                report.inserted, report.updated, report.unchanged = plan.upsert().run(cursor)
                plan.finish(cursor, report)
                if reader.geometry is not None:
                    choice = reader.geometry.choice
                    transformations.record(plan.request.county, report.layer, choice)
                    report.transformation = choice.described()
                    report.notes += [choice.note] if choice.note else []
            cursor.execute(sql.SQL("DROP TABLE {}").format(staging.TABLE))
            rejects.complete()
        transaction.set_rollback(options.dry_run)
    if not options.dry_run:
        with connection.cursor() as cursor:
            for table in plan.tables:
                cursor.execute(f"ANALYZE {connection.ops.quote_name(table)}")


def _staged(plan: LoadPlan, reader: RowReader, progress: bool) -> Iterator[dict[str, pa.Array]]:
    source = plan.request.source
    columns = only_used(reader.fields, plan.request.mapping)
    shown = None if progress else True  # None: only on a terminal
    with tqdm(total=source.rows, unit=" rows", desc=f"Reading {source.path.name}", disable=shown) as bar:
        for rows in ahead(batches(source, columns, reader.geometry is not None and not reader.x)):
            batch = reader.read(rows)
            staged = plan.stage(batch)
            bar.update(rows.batch.num_rows)
            yield staged | ({staging.REFUSED: _all(False, staged)} if plan.whole else {})
            if plan.whole and batch.refused:
                numbers, lost = batch.refused
                marks = {name: pa.nulls(len(numbers), values.type) for name, values in staged.items()}
                marks |= {staging.ROW_NUMBER: numbers, plan.whole: lost[plan.whole]}
                yield marks | {staging.REFUSED: _all(True, marks)}


def _all(value: bool, staged: dict[str, pa.Array]) -> pa.Array:
    return pa.array([value] * len(staged[staging.ROW_NUMBER]))


def _refuse_parts(cursor: CursorWrapper, plan: LoadPlan, report: LoadReport, rejects: Rejects) -> None:
    """What belongs to a row that was refused: a sale of which one parcel is missing would be another sale."""
    if not plan.whole:
        return
    count = 0
    for row, key, first in upsert.parts_of_refused(cursor, plan.whole, plan.key):
        rejects.write(row, key, "refused", "incomplete", f"row {first} of the same {plan.whole} was refused")
        count += 1
    if count:
        report.refused["incomplete"] += count
    report.leave_out(upsert.drop_parts_of_refused(cursor, plan.whole, list(report.amounts)))


def _refuse_nothing_left(report: LoadReport, source: Source) -> None:
    if report.read == 0:
        raise LoadError(f"{report.file} holds no rows; nothing was changed.")
    if report.refused_total == report.read:
        raise LoadError(
            f"Of {counted(report.read, 'row')} of {report.file} none was accepted, and nothing was changed: "
            f"{report.refusals()}. {source.undecoded.remedy()}".rstrip()
        )


def _refuse_duplicates(cursor: CursorWrapper, plan: LoadPlan, report: LoadReport, rejects: Rejects) -> None:
    count = 0
    for row, key, first in upsert.duplicates(cursor, plan.key):
        rejects.write(row, key, "refused", "duplicate", f"row {first} has the same {' and '.join(plan.key)}")
        count += 1
    if count:
        report.refused["duplicate"] += count
        report.leave_out(upsert.drop_duplicates(cursor, plan.key, list(report.amounts)))


def _county(county_id: str) -> County:
    county = County.objects.filter(pk=county_id).first()
    if county is None:
        known = County.objects.values_list("id", flat=True)
        raise LoadError(unknown("county", county_id, available=known))
    return county


def _plan_type(layer: str) -> type[LoadPlan]:
    if layer in _PLANS:
        return _PLANS[layer]
    if layer.lower() in {*_MISTAKEN, *_PLANS}:
        raise LoadError(f"There is no layer {layer!r}: say {_MISTAKEN.get(layer.lower(), layer.lower())}.")
    if not _LAYER_NAME.match(layer):
        raise LoadError(f"{layer!r} is no name of a layer: use small letters, digits and underscores, at most 40.")
    if layers.is_registered(layer):
        raise LoadError(f"The layer {layer} is made by a plugin and cannot be loaded from a file.")
    return ReferencePlan


def _with_point(mapping: Mapping, source: Source) -> Mapping:
    if not mapping.x:
        return mapping
    where = f"[point] of the mapping {mapping.name}"
    return replace(
        mapping, x=mappings.match(mapping.x, source.columns, where), y=mappings.match(mapping.y, source.columns, where)
    )


def _geometry_reader(
    plan: LoadPlan, county: County, source: Source, mapping: Mapping, crs_option: int | None
) -> GeometryReader | None:
    """None when the source has no geometry. The CRS is the command's, else the file's, else the mapping's."""
    if not mapping.x and source.geometry_type is None:
        return None
    crs = _epsg(crs_option) or (None if mapping.x else source.crs) or _epsg(mapping.crs)
    if crs is None and source.crs_name:
        raise LoadError(_cannot_be_transformed(source, source.crs_name))
    if crs is None:
        raise LoadError(f"{source.path.name} does not say its CRS: give its EPSG code with --crs.")
    source.crs = crs
    areas = tuple(area for area in (crs, _epsg(county.state_plane_srid)) if area is not None)
    try:
        choice = transformations.choose(crs.to_2d(), common_area(areas), source.operation)
    except CRSError:
        raise LoadError(_cannot_be_transformed(source, crs.name)) from None
    return GeometryReader(choice, plan.geometry_type, areas, mapping.anywhere)


def _cannot_be_transformed(source: Source, crs: str) -> str:
    return (
        f"{source.path.name}: its CRS, {crs}, cannot be transformed to longitude and latitude. If its coordinates have "
        "one that can, give that one's EPSG code with --crs; else ask for the file in another CRS."
    )


def _epsg(code: int | None) -> CRS | None:
    if code is None:
        return None
    try:
        return CRS.from_epsg(code)
    except CRSError:
        raise LoadError(f"EPSG:{code} is not a coordinate reference system that is known.") from None
