"""Certified values and the parcels' current ones.

An entry of the value history that is certified never changes: a trigger refuses it (migration 0009). The current values
of a parcel are those of its latest certified entry that is in force, unless the roll has a later tax year.
"""

from __future__ import annotations

from typing import Any

from terrafusion.records.county_time import today


def follow(cursor: Any, county_id: str) -> int:
    """Bring the parcels of a county to their certified values in force on its today. Returns how many changed."""
    cursor.execute(
        "UPDATE records_propertyoperational p SET land_value = c.land_value, improvement_value = c.improvement_value, "
        "total_value = c.total_value, tax_year = c.tax_year, updated_at = now() FROM ("
        "SELECT DISTINCT ON (property_id) property_id, tax_year, land_value, improvement_value, total_value "
        "FROM records_propertyvaluehistory WHERE county_id = %s AND certified AND effective_date <= %s "
        "ORDER BY property_id, effective_date DESC, tax_year DESC) c "
        "WHERE p.id = c.property_id AND coalesce(p.tax_year, 0) <= c.tax_year "
        "AND (p.land_value, p.improvement_value, p.total_value, p.tax_year) "
        "IS DISTINCT FROM (c.land_value, c.improvement_value, c.total_value, c.tax_year)",
        [county_id, today(county_id)],
    )
    return int(cursor.rowcount)
