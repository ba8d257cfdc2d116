"""The layers of a county, by name."""

from __future__ import annotations

from collections.abc import Callable, Collection

from terrafusion.records.layers.layer import Layer
from terrafusion.records.layers.reference import reference_layers
from terrafusion.records.models import County

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
    wanted = set(names)
    layers = {
        name: layer
        for name, provider in _providers.items()
        if name in wanted and (layer := provider(county)) is not None
    }
    if others := wanted.difference(_providers):
        layers |= {layer.name: layer for layer in reference_layers(county, others)}
    return layers


def layers_of(county: County) -> list[Layer]:
    """Every layer of the county, the registered ones first."""
    provided = [layer for provider in _providers.values() if (layer := provider(county)) is not None]
    return [*provided, *(layer for layer in reference_layers(county) if layer.name not in _providers)]
