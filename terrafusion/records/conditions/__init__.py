"""Conditions on the attributes of a layer: a small language in JSON, checked, and turned into a filter of rows."""

from terrafusion.records.conditions.tree import OPERATORS, Reading, expression, fields_of

__all__ = ["OPERATORS", "Reading", "expression", "fields_of"]
