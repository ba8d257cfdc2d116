"""Errors that the writer process reports by code; the worker turns them into its own (gis_export.errors)."""


class WriterError(Exception):
    """The message is safe to show to the one who asked for the export."""

    code = "writer_failed"


class ReconciliationMismatch(WriterError):
    """The written file differs from what the database held."""

    code = "reconciliation_failed"


class FormatLimitReached(WriterError):
    """A layer has more of something than its format holds."""

    code = "format_limit_exceeded"
