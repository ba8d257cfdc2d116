"""Certified values and the parcels' current ones.

The current figures of a parcel are those of its latest certified entry that stands and whose day has come, unless the
roll has a later tax year. What they replace is set aside (``RollValue``), and comes back where the entry is revoked.
The database refuses other figures (migration 0012), whoever writes them.
"""

from __future__ import annotations

from uuid import UUID

from django.db.backends.utils import CursorWrapper

from terrafusion.history.bulk import unrecorded
from terrafusion.records.county_time import today
from terrafusion.records.models import PropertyOperational, PropertyValueHistory

FIGURES = ("land_value", "improvement_value", "total_value", "tax_year")

IN_EFFECT = (
    "SELECT DISTINCT ON (property_id) property_id, tax_year, land_value, improvement_value, total_value "
    "FROM records_propertyvaluehistory WHERE county_id = %s AND certified AND revoked_by IS NULL "
    "AND effective_date <= %s ORDER BY property_id, effective_date DESC, tax_year DESC"
)
"""Of a county and a day: the figures of each parcel's certified value."""
_P = "(p.land_value, p.improvement_value, p.total_value, p.tax_year)"
_C = "(c.land_value, c.improvement_value, c.total_value, c.tax_year)"


def follow(cursor: CursorWrapper, county_id: str) -> int:
    """Bring the parcels of a county to their certified values in effect on its today. Returns how many changed."""
    with unrecorded(cursor, PropertyOperational):
        cursor.execute(
            f"WITH c AS ({IN_EFFECT}), "  # noqa: S608 - our own parts
            f"due AS (SELECT c.* FROM c JOIN records_propertyoperational p ON p.id = c.property_id "
            f"WHERE coalesce(p.tax_year, 0) <= c.tax_year AND {_P} IS DISTINCT FROM {_C}), "
            # What is replaced is the roll's own, where it is no certified value's.
            "aside AS (INSERT INTO records_rollvalue (property_id, land_value, improvement_value, total_value, "
            "tax_year) SELECT p.id, p.land_value, p.improvement_value, p.total_value, p.tax_year "
            "FROM due JOIN records_propertyoperational p ON p.id = due.property_id "
            "WHERE NOT EXISTS (SELECT FROM records_propertyvaluehistory c WHERE c.property_id = p.id AND c.certified "
            f"AND {_C} IS NOT DISTINCT FROM {_P}) "
            "ON CONFLICT (property_id) DO UPDATE SET land_value = EXCLUDED.land_value, improvement_value = "
            "EXCLUDED.improvement_value, total_value = EXCLUDED.total_value, tax_year = EXCLUDED.tax_year) "
            "UPDATE records_propertyoperational p SET land_value = c.land_value, improvement_value = "
            "c.improvement_value, total_value = c.total_value, tax_year = c.tax_year, updated_at = now() "
            "FROM due c WHERE p.id = c.property_id",
            [county_id, today(county_id)],
        )
        return int(cursor.rowcount)


def leave(cursor: CursorWrapper, county_id: str, revocation: UUID) -> int:
    """Bring parcels whose current figures a decision has revoked to what counts now: another certified value in effect,
    or what the roll says. Returns how many changed. The entries are marked already."""
    with unrecorded(cursor, PropertyOperational):
        cursor.execute(
            f"WITH c AS ({IN_EFFECT}), "  # noqa: S608 - our own parts
            "gone AS (SELECT p.id FROM records_propertyvaluehistory c JOIN records_propertyoperational p "
            f"ON p.id = c.property_id WHERE c.revoked_by = %s AND {_C} IS NOT DISTINCT FROM {_P}), "
            "n AS (SELECT gone.id, c.land_value, c.improvement_value, c.total_value, c.tax_year "
            "FROM gone JOIN c ON c.property_id = gone.id LEFT JOIN records_rollvalue r ON r.property_id = gone.id "
            "WHERE coalesce(r.tax_year, 0) <= c.tax_year "
            "UNION ALL SELECT gone.id, r.land_value, r.improvement_value, r.total_value, r.tax_year "
            "FROM gone LEFT JOIN c ON c.property_id = gone.id LEFT JOIN records_rollvalue r ON r.property_id = gone.id "
            "WHERE c.property_id IS NULL OR r.tax_year > c.tax_year) "
            "UPDATE records_propertyoperational p SET land_value = n.land_value, improvement_value = "
            "n.improvement_value, total_value = n.total_value, tax_year = n.tax_year, updated_at = now() "
            "FROM n WHERE p.id = n.id",
            [county_id, today(county_id), revocation],
        )
        return int(cursor.rowcount)


def any_in_effect(county_id: str) -> bool:
    entries = PropertyValueHistory.objects.filter(county=county_id, certified=True, revoked_by=None)
    return bool(entries.filter(effective_date__lte=today(county_id)).exists())
