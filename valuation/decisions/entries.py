"""Certified entries of the parcels' value history: added by a decision, marked by another, never changed."""

from __future__ import annotations

from datetime import date

from django.db.backends.utils import CursorWrapper

from terrafusion.history.bulk import unrecorded
from terrafusion.records.models import PropertyValueHistory
from valuation.models import Decision, Step, ValuationJob


def add(cursor: CursorWrapper, decision: Decision, job: ValuationJob) -> None:
    """One entry a parcel, beside what loads say of that day.

    Where a person's figure differs from the run's, land stays and the building takes the difference.
    """
    done = "Corrected" if decision.step == Step.CORRECT else "Certified"
    with unrecorded(cursor, PropertyValueHistory):
        cursor.execute(
            "INSERT INTO records_propertyvaluehistory (county_id, property_id, tax_year, effective_date, land_value, "
            "improvement_value, total_value, exemptions, source, certified, decision, recorded_at) "
            "SELECT v.county_id, v.property_id, v.tax_year, v.effective_date, land, stands - land, stands, "
            "p.exemptions, %s, true, d.decision_id, now() "
            "FROM valuation_decidedvalue d JOIN valuation_propertyvaluation v ON v.id = d.valuation_id "
            "JOIN records_propertyoperational p ON p.id = v.property_id "
            "CROSS JOIN LATERAL (SELECT coalesce(v.override_value, v.value)) AS figure(stands) "
            # least() passes over a null, and a land value that is not known must stay so
            "CROSS JOIN LATERAL (SELECT CASE WHEN v.land_value IS NOT NULL THEN least(v.land_value, stands) END) "
            "AS part(land) "
            "WHERE d.decision_id = %s",
            [f"{done} value of {job.method_name}, run {job.pk}", decision.pk],
        )


def mark(cursor: CursorWrapper, decision: Decision, effective_date: date | None) -> None:
    """The certified entries of that date of the decision's parcels count nowhere from now on."""
    with unrecorded(cursor, PropertyValueHistory):
        cursor.execute(
            "UPDATE records_propertyvaluehistory h SET revoked_by = d.decision_id "
            "FROM valuation_decidedvalue d JOIN valuation_propertyvaluation v ON v.id = d.valuation_id "
            "WHERE d.decision_id = %s AND h.property_id = v.property_id AND h.effective_date = %s AND h.certified "
            "AND h.revoked_by IS NULL",
            [decision.pk, effective_date],
        )
