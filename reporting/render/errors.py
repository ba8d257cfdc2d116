"""Why a document cannot be rendered. Pure."""

from __future__ import annotations


class RenderError(Exception):
    """A renderer could not write the document; the text is for the log."""
