"""A finished export, checked again: its bytes, what is in them, and what the database holds now."""

from gis_export.errors import NotAnExport
from gis_export.verify.check import Report, check_file, check_job

__all__ = ["NotAnExport", "Report", "check_file", "check_job"]
