"""What the checked requests of all plugins have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.text import capfirst

from terrafusion import areas
from terrafusion.areas import storage
from terrafusion.records.models import County


@dataclass(frozen=True, kw_only=True)
class JobRequest:
    """A sound request. ``area`` is None for the whole county; ``values`` are the effective parameters, as JSON."""

    model: ClassVar[Any]
    """The plugin's job, with the columns of an area and ``resolved``."""

    county: County
    area: areas.Area | None
    values: dict[str, Any]

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to the area."""
        return self.area.notes if self.area else ()

    def resolved(self) -> dict[str, Any]:
        """What the job keeps of the effective parameters."""
        return self.values

    def columns(self) -> dict[str, Any]:
        """The job's columns of the plugin's own."""
        return {}

    def job(self, **columns: Any) -> Any:
        """An unsaved job. ``columns`` are those of what was submitted."""
        accepted = f"{capfirst(str(self.model._meta.verbose_name))} accepted and queued."
        return self.model(
            county=self.county,
            **storage.columns(self.area),
            resolved=self.resolved(),
            message=" ".join([accepted, *self.notes]),
            **self.columns(),
            **columns,
        )
