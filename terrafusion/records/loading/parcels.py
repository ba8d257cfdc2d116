"""Loading parcels: outline and point, the value history, and the sales that were waiting for their parcel."""

from __future__ import annotations

import pyarrow as pa
import shapely
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from terrafusion.records import certified
from terrafusion.records.loading import upsert, zone
from terrafusion.records.loading.geometry import points_to_hex
from terrafusion.records.loading.kept import Kept
from terrafusion.records.loading.links import link_sales
from terrafusion.records.loading.merging import merge
from terrafusion.records.loading.plan import ModelPlan
from terrafusion.records.loading.report import LoadReport, Rejects
from terrafusion.records.loading.rows import Batch
from terrafusion.records.loading.staging import TABLE
from terrafusion.records.loading.targets import PARCEL_TARGETS, VALUES
from terrafusion.records.models import PropertyOperational, PropertyValueHistory, Sale


class ParcelPlan(ModelPlan):
    model = PropertyOperational
    targets = PARCEL_TARGETS
    key = ("parcel_number",)
    tables = ("records_propertyoperational", "records_propertyvaluehistory", "records_sale")
    recorded_as_loads = (PropertyOperational, PropertyValueHistory, Sale)

    @property
    def geometry_type(self) -> str:  # type: ignore[override]
        return (
            "Point" if self.request.mapping.x or "Point" in str(self.request.source.geometry_type) else "MultiPolygon"
        )

    @property
    def whole(self) -> str:  # type: ignore[override]
        return "parcel_number" if self.merges else ""

    @property
    def merges(self) -> bool:
        return self.request.mapping.duplicates == "merge"

    @property
    def outlined(self) -> bool:
        return self.has_geometry and self.geometry_type == "MultiPolygon"

    def geometry_columns(self) -> list[str]:
        if self.outlined:
            return ["geometry", "point"]
        return ["point"] if self.has_geometry else []

    def stage(self, batch: Batch) -> dict[str, pa.Array]:
        self.geometry_column = "geometry" if self.outlined else "point"
        staged = super().stage(batch)
        if self.outlined and batch.shapes is not None:
            staged["point"] = points_to_hex(shapely.point_on_surface(batch.shapes))
        return staged

    def kept(self) -> frozenset[str]:
        return frozenset(self.geometry_columns())  # a row without a shape says nothing about the one that is stored

    def prepare(self, cursor: CursorWrapper, report: LoadReport, rejects: Rejects) -> None:
        self._merge(cursor, report, rejects)
        self._kept = Kept(self.request.county.pk, self.columns)
        if self._kept.needed:
            report.values_recorded = self._record_values(cursor)  # a later tax year must be known before it comes
            report.values_certified = self._kept.into_stage(cursor)

    def _merge(self, cursor: CursorWrapper, report: LoadReport, rejects: Rejects) -> None:
        """Merge rows of one parcel number: its outline is the union of theirs; a field has what its ``rows`` says, else
        the first row's value."""
        if not self.merges:
            return
        merged = {target.name: how.rows for target, how in self.fields() if how.rows}
        merge(cursor, merged, self.staged_types(), self.outlined)
        what = "its outline was joined to that of" if self.outlined else "it was merged into"
        for row, key, first in upsert.duplicates(cursor, self.key):
            rejects.write(row, key, "merged", "duplicate", f"{what} row {first}")
            report.merged += 1
        left_out = [name for name in report.amounts if merged.get(name) != "sum"]
        report.leave_out(upsert.drop_duplicates(cursor, self.key, left_out))

    def finish(self, cursor: CursorWrapper, report: LoadReport) -> None:
        zone.settle(cursor, self.request.county, report)
        if self._kept.needed:
            self._kept.out_of_stage(cursor)
        report.values_recorded += self._record_values(cursor)
        certified.follow(cursor, self.request.county.pk)
        report.sales_linked = link_sales(cursor, self.request.county.pk)

    def _record_values(self, cursor: CursorWrapper) -> int:
        """A history entry for each parcel's tax year and effective date, 1 January when the roll gives no date."""
        values = [name for name in VALUES if name in self.columns]
        if not values or "tax_year" not in self.columns:
            return 0
        effective = (
            "COALESCE(s.as_of, make_date(s.tax_year, 1, 1))"
            if "as_of" in self.columns
            else "make_date(s.tax_year, 1, 1)"
        )
        names = [*values, "source"]
        cursor.execute(
            sql.SQL(
                "INSERT INTO records_propertyvaluehistory AS h "
                "(county_id, property_id, tax_year, effective_date, {names}, source, recorded_at) "
                "SELECT {county}, p.id, s.tax_year, {effective}, {staged}, s.source, now() "
                "FROM {stage} s JOIN records_propertyoperational p "
                "ON p.county_id = {county} AND p.parcel_number = s.parcel_number "
                "WHERE s.tax_year IS NOT NULL AND COALESCE({staged}) IS NOT NULL "
                "ON CONFLICT (property_id, tax_year, effective_date) WHERE NOT certified "
                "DO UPDATE SET {assignments}, recorded_at = now() WHERE ({old}) IS DISTINCT FROM ({new})"
            ).format(
                names=_join("{}", values),
                staged=_join("s.{}", values),
                county=sql.Literal(self.request.county.pk),
                effective=sql.SQL(effective),
                stage=TABLE,
                assignments=_join("{0} = EXCLUDED.{0}", names),
                old=_join("h.{}", names),
                new=_join("EXCLUDED.{}", names),
            )
        )
        return int(cursor.rowcount)


def _join(pattern: str, names: list[str]) -> sql.Composable:
    return sql.SQL(", ").join(sql.SQL(pattern).format(sql.Identifier(name)) for name in names)
