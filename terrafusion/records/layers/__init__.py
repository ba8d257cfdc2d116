"""The layer registry: what each layer of a county is made of.

A layer is found by its name within a county: first among the providers (parcels, sales, and what plugins register),
then among the county's reference layers. Whoever exports, draws or lists layers asks here and knows no table.
"""

from terrafusion.records.layers.layer import FieldType, Layer, LayerField, epoch
from terrafusion.records.layers.registry import is_registered, layers_named, layers_of, register

__all__ = ["FieldType", "Layer", "LayerField", "epoch", "is_registered", "layers_named", "layers_of", "register"]
