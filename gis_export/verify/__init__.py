"""A finished export, checked again: its bytes, what is in them, and what the database holds now."""

from gis_export.verify.check import Report, check_file, check_job
from gis_export.verify.package import NotOurs

__all__ = ["NotOurs", "Report", "check_file", "check_job"]
