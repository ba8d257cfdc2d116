"""Reads what a valuation run changed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from psycopg import sql

from reporting.reports.base import Content, Request
from reporting.reports.summary.build import Summary, build
from terrafusion.records.order import NATURAL
from terrafusion.records.sales import frame
from terrafusion.words import day
from valuation import ratio, values
from valuation.models import ValuationJob

if TYPE_CHECKING:
    import pandas as pd

_VALUES = """
SELECT v.parcel_number, v.property_class, v.neighborhood, v.previous_value AS before,
       coalesce(v.override_value, v.value) AS after,
       EXISTS (SELECT FROM records_sale s WHERE s.county_id = v.county_id AND s.property_id = v.property_id
               AND s.sale_date > {day}::date - 730 AND s.sale_date <= {day}) AS sold,
       cardinality(v.flags) > 0 AS flagged
FROM valuation_propertyvaluation v WHERE v.job_id = {job} AND v.county_id = {county}
ORDER BY v.parcel_number COLLATE {order}
"""
_KINDS = {
    "parcel_number": "text",
    "property_class": "text",
    "neighborhood": "text",
    "before": "float64",
    "after": "float64",
    "sold": "bool",
    "flagged": "bool",
}


def read(request: Request, now: datetime) -> Content:
    job = ValuationJob.objects.get(pk=request.values["valuation_job"])
    statement = sql.SQL(_VALUES).format(
        job=sql.Literal(values.made_by(job)),
        county=sql.Literal(request.county.pk),
        day=sql.Literal(job.valuation_date),
        order=sql.Identifier(NATURAL),
    )
    rows = frame.fetch(statement, _KINDS)
    valued = rows[rows["after"].notna().to_numpy()].reset_index(drop=True)
    return Content(
        blocks=build(
            Summary(
                values=valued,
                refused=len(rows) - len(valued),
                flagged=int(valued["flagged"].sum()),
                run=job.result_summary,
                method=job.valuation_method,
                balance=_balance(valued),
            )
        ),
        subtitle=f"{job.get_valuation_method_display()}, as of {day(job.valuation_date)}",
        rows=400,
        facts={"valued": len(valued), "valuation_job": str(job.pk)},
    )


def _balance(valued: pd.DataFrame) -> ratio.Balance | None:
    """Sold and unsold by the change of their value, which a sale should not make."""
    had = valued[((valued["before"] > 0) & (valued["after"] > 0)).to_numpy()]
    change = (had["after"] / had["before"]).to_numpy(dtype=float)
    sold = had["sold"].to_numpy(dtype=bool)
    return ratio.sold_unsold_balance(change[sold], change[~sold])
