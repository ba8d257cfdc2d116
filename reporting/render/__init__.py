"""Renderers: one a format, each takes any document. They know no report, and no Django."""
