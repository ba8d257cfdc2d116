"""What an export will come to, before it is queued; learned from those that were made, and compared with them."""

from gis_export.estimates.expected import Expected, expect

__all__ = ["Expected", "expect"]
