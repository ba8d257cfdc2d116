"""The assessment roll: every parcel with its values, and totals that reconcile with the database."""

from reporting.reports.roll.report import AssessmentRoll

__all__ = ["AssessmentRoll"]
