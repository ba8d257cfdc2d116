"""What a parameter of an export is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

from gis_export.formats.base import Format
from gis_export.selection import Selection
from terrafusion.records.layers import Layer
from terrafusion.records.models import County

Faults = dict[str, list[str]]
"""Messages by the request's member, such as ``parameters.crs``."""


class Refused(ValueError):
    """The value cannot be used; ``faults`` says why, each by itself: a message, or a member of the value and one."""

    def __init__(self, *faults: str | tuple[str, str]) -> None:
        super().__init__(str(faults))
        self.faults = [("", fault) if isinstance(fault, str) else fault for fault in faults]


@dataclass(frozen=True)
class Context:
    """What a value is checked against: the request without its parameters, as far as it is sound: of what is not, there
    is None, or no layer.

    ``personal``: whether the caller may have personal data. ``defaults`` are the county's, as it gave them; ``found``
    holds the parameters that were checked before.
    """

    county: County | None
    layers: tuple[Layer, ...]
    file_format: Format | None
    personal: bool = False
    defaults: dict[str, Any] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=dict)


class Parameter(ABC):
    """One parameter: what it may be, and what it does to the selection of each layer."""

    name: ClassVar[str]
    default: ClassVar[Any] = None
    """What it is where neither the request nor the county says otherwise."""
    help: ClassVar[str]
    """For the OpenAPI schema: what it does, its default included."""
    schema: ClassVar[dict[str, Any]]
    """Of a value, as JSON Schema."""
    of_layers: ClassVar[bool] = False
    """A value is about the request's layers: it cannot be checked where none of them is known."""

    @abstractmethod
    def check(self, value: Any, context: Context) -> Any:
        """The resolved form of a value that a request gives: plain JSON, which the job keeps, and which is itself a
        value that ``check`` takes. Raises ``Refused``."""

    def wish(self, value: Any, context: Context) -> Any:
        """The resolved form of a default, ours or the county's. Raises ``Refused``."""
        return self.check(value, context)

    def apply(self, value: Any, selection: Selection) -> Selection:
        """What a resolved value makes of a layer's selection."""
        return selection

    def depends_on(self, resolved: dict[str, Any], county: County) -> Any:
        """What the result depends on beside the request and the data of its layers, as JSON. ``resolved`` holds the
        parameters in force. ``apply`` finds it in the selection's ``in_force``, and asks nothing else."""
        return None
