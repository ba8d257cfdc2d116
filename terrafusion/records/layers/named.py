"""The gate for fields that a request names: each is found in the layer registry, with the rights of who asks.

Whatever takes the name of a layer's field from a request (fields and conditions of exports, districts of areas and
reports, geographies of analyses) asks here, so that no way leads round the right to personal data.
"""

from __future__ import annotations

from collections.abc import Iterable

from terrafusion import words
from terrafusion.records.errors import FieldRefused
from terrafusion.records.layers.layer import Layer, LayerField


def open_fields(layer: Layer, *, personal: bool) -> dict[str, LayerField]:
    """The fields by name that may be named by who has (``personal``), or has not, the right to personal data."""
    return {field.name: field for field in layer.fields if personal or not field.personal}


def hidden(layer: Layer, names: Iterable[str], *, personal: bool) -> str:
    """Why these fields may not be named; empty where they may, or are not there at all."""
    known = {field.name: field for field in layer.fields}
    forbidden = [name for name in names if name in known and known[name].personal and not personal]
    return f"You have no right to personal data: {', '.join(forbidden)} of {layer.name}." if forbidden else ""


def find(layer: Layer, name: str, *, personal: bool) -> LayerField:
    """The field of that name. Raises ``FieldRefused`` where there is none, or none for who asks."""
    if refused := hidden(layer, [name], personal=personal):
        raise FieldRefused(refused)
    known = open_fields(layer, personal=personal)
    if name not in known:
        raise FieldRefused(words.unknown(f"field of {layer.name}:", name, available=known))
    return known[name]
