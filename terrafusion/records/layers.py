"""The layer registry: what each layer of a county is made of.

A layer is found by its name within a county: first among the providers (parcels, sales, and what plugins register),
then among the county's reference layers. Whoever exports, draws or lists layers asks here and knows no table.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from django.db.models import QuerySet
from django.db.models.expressions import Combinable

from terrafusion.records.models import County


class FieldType(StrEnum):
    TEXT = "text"
    INTEGER = "integer"  # 64 bits
    REAL = "real"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"


@dataclass(frozen=True)
class LayerField:
    """One attribute: ``expression`` reads it from the layer's queryset, as a value of ``type``.

    ``width`` is the most characters of a text, None when unknown. ``unit`` is such as ``sqft``, ``USD``, ``year``.
    ``personal`` marks what names a person or says where a person gets mail. ``total`` asks that its sum be
    reconciled in every export.
    """

    name: str
    type: FieldType
    expression: Combinable
    width: int | None = None
    unit: str = ""
    description: str = ""
    personal: bool = False
    assessment: bool = False  # part of the assessed values, which an export may leave out
    total: bool = False
    short_name: str = ""  # at most 10 characters, chosen on purpose for Shapefile; empty: derived from the name


def epoch() -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Layer:
    """A layer of one county. ``queryset`` holds the county's rows; ``geometry`` names its geometry column (EPSG:4326)
    of ``geometry_type`` (a Multi type, or Point)."""

    name: str
    title: str
    geometry_type: str
    queryset: QuerySet[Any]
    fields: tuple[LayerField, ...]
    geometry: str = "geometry"
    description: str = ""
    source: str = ""
    srid: int = 4326
    changed_at: Callable[[], datetime] = epoch
    """When the layer's data last changed; ``epoch`` for a layer without rows."""
    sources: tuple[str, ...] = ()
    """What the layer, or what may be joined to it, is read from, for ``versions.of``; empty: unknown."""


Provider = Callable[[County], Layer | None]
_providers: dict[str, Provider] = {}


def register(name: str, provider: Provider) -> None:
    """Add a layer that every county may have. ``provider`` returns None for a county that has none.

    A second provider of one name is a programming error: ValueError.
    """
    if name in _providers:
        raise ValueError(f"The layer {name!r} is registered already.")
    _providers[name] = provider


def is_registered(name: str) -> bool:
    """Does a provider make the layer of this name (so that no reference layer can)?"""
    return name in _providers


def layers_named(county: County, names: Collection[str]) -> dict[str, Layer]:
    """Those of the names that are layers of the county, by name. No other layer is asked for, which takes some queries
    for each."""
    from terrafusion.records.reference_layers import reference_layers

    wanted = set(names)
    found = {
        name: layer
        for name, provider in _providers.items()
        if name in wanted and (layer := provider(county)) is not None
    }
    if others := wanted.difference(_providers):
        found |= {layer.name: layer for layer in reference_layers(county, others)}
    return found


def layers_of(county: County) -> list[Layer]:
    """Every layer of the county, the registered ones first."""
    from terrafusion.records.reference_layers import reference_layers

    found = [layer for provider in _providers.values() if (layer := provider(county)) is not None]
    return [*found, *(layer for layer in reference_layers(county) if layer.name not in _providers)]
