"""What a layer is, and what a field of one is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from django.db.models import QuerySet
from django.db.models.expressions import Combinable


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
