"""What a report type is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from django.db.models import Count, Max, QuerySet
from django.utils.module_loading import import_string
from rest_framework import serializers

from reporting.document.blocks import Block
from reporting.document.texts import NOTHING
from terrafusion import areas
from terrafusion.areas import rows as area_rows
from terrafusion.records import builtin_layers
from terrafusion.records.models import County, PropertyOperational, PropertyValueHistory, Sale
from terrafusion.records.versions import source
from valuation.models import Decision, ValuationJob
from valuation.values import made_by


class NoParameters(serializers.Serializer[Any]):
    """A report that takes none. The base of every report's parameters: ``county`` is in the context.

    Members that are not fields are refused by ``request.check``.
    """


@dataclass(frozen=True)
class Request:
    """What was asked for, checked. ``values`` are the parameters in force; ``personal``: whether whoever asked may see
    personal data."""

    county: County
    report_type: str
    format: str
    area: areas.Area | None
    values: dict[str, Any]
    personal: bool
    user: Any = field(default=None, compare=False)
    job_id: str = ""

    @property
    def run_wanted(self) -> dict[str, Any] | None:
        """The valuation that is to be run for the report before it is read; None where there is none to wait for."""
        run = self.values.get("valuation_job")
        return run if isinstance(run, dict) else None

    def parcels(self) -> QuerySet[PropertyOperational]:
        """The county's parcels, those of the area where there is one."""
        every = PropertyOperational.objects.filter(county=self.county)
        if self.area is None:
            return every
        return area_rows.select(every, builtin_layers.parcels(self.county), self.area, "intersects")


@dataclass(frozen=True)
class Content:
    """What a report has to say. ``blocks`` are read once, inside the transaction that ``read`` ran in.

    ``rows`` is how many rows or sections there will be, for the progress. ``check`` is called when all is written: it
    raises when what was written is not what it should be.
    """

    blocks: Iterator[Block]
    subtitle: str = ""
    notices: tuple[str, ...] = ()
    rows: int = 0
    personal: bool = False
    facts: dict[str, Any] = field(default_factory=dict)
    check: Callable[[], None] = lambda: None
    companions: Callable[[Path], list[Path]] = lambda folder: []
    """Writes files that go with the report, such as a mailing list, into the folder."""


Checkpoint = Callable[[float | None, str | None], None]


class Report:
    """One report type; a subclass a type, found by ``registry``."""

    name: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    parameters: ClassVar[type[serializers.Serializer[Any]]] = NoParameters
    takes_area: ClassVar[bool] = True
    landscape: ClassVar[bool] = False
    bare: ClassVar[bool] = False
    unsaid: ClassVar[frozenset[str]] = frozenset()
    reader: ClassVar[str]
    """Path of a function like ``read``, in place of it: for what brings pandas and scipy, 100 MB that the web processes
    need not hold to check a request."""

    def check(self, request: Request) -> dict[str, list[str]]:
        """What is wrong with the request as a whole, by field: looks into the database, changes nothing."""
        return {}

    def estimate(self, request: Request) -> int:
        """Rows or sections, roughly: a large report goes to the long cluster."""
        return request.parcels().count()

    def sources(self, request: Request) -> tuple[str, ...]:
        """What the report reads, for ``records.versions``; empty when nobody can tell."""
        return tuple(source(model, request.county.pk) for model in (PropertyOperational, PropertyValueHistory, Sale))

    def state(self, request: Request) -> list[Any]:
        """What else the report depends on: the decisions about the values of a run that it reads."""
        run = request.values.get("valuation_job")
        if not run:
            return []
        decided = Decision.objects.filter(job=made_by(ValuationJob.objects.get(pk=run)))
        found = decided.aggregate(count=Count("pk"), newest=Max("decided_at"))
        return [found["count"], str(found["newest"])]

    def read(self, request: Request, now: datetime) -> Content:
        """Reads the database, in the snapshot that is open, and hands what it read to the builder."""
        found: Content = import_string(self.reader)(request, now)
        return found

    def shown(self, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """The parameters in force, as the report prints them."""
        for name, parameter in self.parameters().fields.items():
            value = values.get(name)
            text = NOTHING if value in (None, [], "", {}) else value
            if isinstance(text, list | tuple):
                text = ", ".join(_worded(item) for item in text[:20]) + (
                    f" and {len(text) - 20} more" if len(text) > 20 else ""
                )
            label = parameter.label or name.replace("_", " ").capitalize()
            yield str(label), {True: "yes", False: "no"}[text] if isinstance(text, bool) else str(text)


def _worded(item: Any) -> str:
    """An item of a list, as the report prints it."""
    if not isinstance(item, dict):
        return str(item)
    return " ".join(f"{name} {part}" for name, part in sorted(item.items()) if part != "")
