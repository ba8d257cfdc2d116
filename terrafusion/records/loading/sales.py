"""Loading sales: links to parcels, and which sales are of several parcels."""

from __future__ import annotations

import pyarrow as pa
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from terrafusion.records.loading.links import link_sales
from terrafusion.records.loading.plan import ModelPlan
from terrafusion.records.loading.report import LoadReport, Rejects
from terrafusion.records.loading.rows import Batch
from terrafusion.records.loading.staging import TABLE
from terrafusion.records.loading.targets import SALE_TARGETS
from terrafusion.records.models import Sale


class SalePlan(ModelPlan):
    model = Sale
    targets = SALE_TARGETS
    key = ("sale_id", "parcel_number")
    geometry_column = "point"
    geometry_type = "Point"
    tables = ("records_sale",)
    recorded_as_loads = (Sale,)
    whole = "sale_id"

    def staged_types(self) -> dict[str, str]:
        return {**super().staged_types(), "multi_parcel": "boolean"}

    def stage(self, batch: Batch) -> dict[str, pa.Array]:
        unknown = pa.array([False] * len(batch.row_numbers))
        return {"multi_parcel": unknown, **super().stage(batch)}

    def prepare(self, cursor: CursorWrapper, report: LoadReport, rejects: Rejects) -> None:
        """A sale_id of several parcels, in the file or together with what is loaded, is a multi-parcel sale.

        Also the rows that were loaded before are marked, by the file that brings the second parcel.
        """
        county = sql.Literal(self.request.county.pk)
        cursor.execute(
            sql.SQL(
                "CREATE TEMPORARY TABLE load_multi_parcel ON COMMIT DROP AS SELECT sale_id FROM ("
                "SELECT sale_id, parcel_number FROM {stage} UNION SELECT sale_id, parcel_number FROM records_sale "
                "WHERE county_id = {county} AND sale_id IN (SELECT sale_id FROM {stage})) rows "
                "GROUP BY sale_id HAVING count(*) > 1"
            ).format(stage=TABLE, county=county)
        )
        cursor.execute(
            sql.SQL("UPDATE {} s SET multi_parcel = true FROM load_multi_parcel m WHERE m.sale_id = s.sale_id").format(
                TABLE
            )
        )
        cursor.execute(
            sql.SQL(
                "UPDATE records_sale s SET multi_parcel = true, updated_at = now() FROM load_multi_parcel m "
                "WHERE s.county_id = {} AND m.sale_id = s.sale_id AND NOT s.multi_parcel"
            ).format(county)
        )
        cursor.execute("DROP TABLE load_multi_parcel")

    def kept(self) -> frozenset[str]:
        return frozenset({"point"})  # the place that linking gave a sale without one

    def finish(self, cursor: CursorWrapper, report: LoadReport) -> None:
        report.sales_linked = link_sales(cursor, self.request.county.pk)
        cursor.execute(
            sql.SQL(
                "SELECT count(*) FROM {} s JOIN records_sale t ON t.county_id = {} AND t.sale_id = s.sale_id "
                "AND t.parcel_number = s.parcel_number WHERE t.property_id IS NULL"
            ).format(TABLE, sql.Literal(self.request.county.pk))
        )
        report.sales_without_parcel = int(cursor.fetchone()[0])
