"""What a parameter of an export is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from gis_export.formats.base import Format
from gis_export.selection import LayerSelection
from terrafusion.jobs.request import Context, Parameter
from terrafusion.records.layers import Layer
from terrafusion.records.models import County


@dataclass(frozen=True)
class ExportContext(Context):
    """The request without its parameters, as far as it is sound: of what is not, there is None, or no layer.

    ``personal``: whether the caller may have personal data. ``defaults`` are the county's, as it gave them; ``values``
    holds the parameters that were read before.
    """

    layers: tuple[Layer, ...]
    file_format: Format | None
    personal: bool = False
    defaults: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)


V = TypeVar("V")


class ExportParameter(Parameter, Generic[V]):
    """A mixin before the parameter's type: what the parameter does to the selection of each layer. ``V`` is
    the type of its effective values.

    A value that ``check`` returns is itself one that ``check`` accepts.
    """

    about_layers: ClassVar[bool] = False
    """A value is about the request's layers: it cannot be checked where none of them is known, and a stored one is
    checked again."""

    def read(self, given: Mapping[str, Any], context: ExportContext) -> object:
        value = None if self.about_layers and not context.layers else super().read(given, context)
        context.values[self.name] = value
        return value

    def resolve_default(self, context: ExportContext) -> object:
        return self.adopt(context.defaults.get(self.name, self.default), context)

    def adopt(self, value: object, context: ExportContext) -> object:
        """The effective value of a default, ours or the county's. Raises ``InvalidRequest``."""
        return self.check(value, context)

    def apply(self, value: V, selection: LayerSelection) -> LayerSelection:
        """What an effective value makes of a layer's selection."""
        return selection

    def depends_on(self, resolved: dict[str, Any], county: County) -> dict[str, Any] | None:
        """What the result depends on beside the request and the data of its layers, as JSON. ``resolved`` holds the
        effective parameters. ``apply`` reads it from the selection, and asks nothing else."""
        return None
