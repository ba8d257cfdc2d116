"""Sales and their parcels find each other whichever was loaded first."""

from __future__ import annotations

from django.db.backends.utils import CursorWrapper
from psycopg import sql


def link_sales(cursor: CursorWrapper, county_id: str) -> int:
    """Point each sale of the county at the parcel of its number; the number of sales that were changed.

    A sale that has no place of its own gets the parcel's: where the parcel was at load time.
    """
    cursor.execute(
        sql.SQL(
            "UPDATE records_sale s SET property_id = p.id, point = COALESCE(s.point, p.point) "
            "FROM records_propertyoperational p "
            "WHERE s.county_id = {county} AND p.county_id = {county} AND p.parcel_number = s.parcel_number "
            "AND (s.property_id IS DISTINCT FROM p.id OR (s.point IS NULL AND p.point IS NOT NULL))"
        ).format(county=sql.Literal(county_id))
    )
    return int(cursor.rowcount)
