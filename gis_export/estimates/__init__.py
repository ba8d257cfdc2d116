"""What an export will come to, before it is queued; learned from those that were made, and judged by them."""

from gis_export.estimates.expected import Expected, expect

__all__ = ["Expected", "expect"]
