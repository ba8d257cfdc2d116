"""Errors of the modules that stand alone. Pure."""

from __future__ import annotations


class CRSError(ValueError):
    """A code names no coordinate reference system that can be used. The text is shown to users."""
