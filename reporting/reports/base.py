"""What a report type is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any, ClassVar

from django.db.models import Count, Max, QuerySet
from django.utils.module_loading import import_string

from reporting.document.blocks import Block
from reporting.document.labels import label, spelled
from reporting.document.texts import NOTHING
from reporting.models import ReportJob
from terrafusion.areas import rows as area_rows
from terrafusion.jobs.models import AbstractJob
from terrafusion.jobs.request import Choice, Choices, Day, JobRequest, Parameter
from terrafusion.jobs.rights import Needs
from terrafusion.records.layers import builtin
from terrafusion.records.models import County, PropertyOperational, PropertyValueHistory, Sale
from terrafusion.records.versions import source
from terrafusion.types import AnyUser
from terrafusion.words import day
from valuation.models import Decision, ValuationJob
from valuation.values import made_by


@dataclass(frozen=True, kw_only=True)
class Request(JobRequest):
    """What was asked for, checked. ``personal``: whether whoever asked may see personal data."""

    model = ReportJob

    report: Report
    format: str
    personal: bool
    user: Any = field(default=None, compare=False)
    job_id: str = ""

    def columns(self) -> dict[str, Any]:
        estimate = self.report.estimate(self)
        return {"report_type": self.report.name, "format": self.format, "estimated_rows": estimate}

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
        return area_rows.select(every, builtin.parcels(self.county), self.area, "intersects")


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
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    takes_area: ClassVar[bool] = True
    landscape: ClassVar[bool] = False
    bare: ClassVar[bool] = False
    start_seconds: ClassVar[float] = 5.0
    row_seconds: ClassVar[float] = 0.001
    """How long the report takes on two processors, and how much longer with each row or section that ``estimate``
    counts: it decides about the lane."""
    reader: ClassVar[str]
    """Path of a function like ``read``, in place of it: for what brings pandas and scipy, 100 MB that the web processes
    need not hold to check a request."""

    def complete(self, values: dict[str, Any], county: County, user: AnyUser) -> dict[str, Any]:
        """The values with those that others, or the county, decide where they are not given.

        Raises ``InvalidRequest``, by the names of the parameters, where values do not go together.
        """
        return values

    def check(self, request: Request) -> dict[str, list[str]]:
        """What is wrong with the request as a whole, by field: looks into the database, changes nothing."""
        return {}

    def estimate(self, request: Request) -> int:
        """Rows or sections, roughly: a large report goes to a slower lane."""
        return request.parcels().count()

    def needs(self, request: Request) -> Needs:
        """What it takes to read the report, beside seeing the county: that of the run that it reads. What only the
        records say (``Content.personal``) comes when it is made."""
        run = request.values.get("valuation_job")
        return needs_of([ValuationJob.objects.get(pk=run)] if isinstance(run, str) else [])

    def sources(self, request: Request) -> tuple[str, ...]:
        """What the report reads, for ``records.versions``; empty when that is unknown."""
        return tuple(source(model, request.county.pk) for model in (PropertyOperational, PropertyValueHistory, Sale))

    def state(self, request: Request) -> list[Any]:
        """What else the report depends on: the decisions about the values of a run that it reads."""
        run = request.values.get("valuation_job")
        if not run:
            return []
        decided = Decision.objects.filter(job=made_by(ValuationJob.objects.get(pk=run)))
        decisions = decided.aggregate(count=Count("pk"), newest=Max("decided_at"))
        return [decisions["count"], str(decisions["newest"])]

    def read(self, request: Request, now: datetime) -> Content:
        """Reads the database, in the snapshot that is open, and hands what it read to the builder."""
        content: Content = import_string(self.reader)(request, now)
        return content

    def shown(self, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """The effective parameters, as the report prints them."""
        for parameter in self.parameters:
            value = values.get(parameter.name)
            if value in (None, [], "", {}):
                text = NOTHING
            elif isinstance(value, list):
                more = f" and {len(value) - 20} more" if len(value) > 20 else ""
                text = ", ".join(_worded(parameter, item) for item in value[:20]) + more
            else:
                text = _worded(parameter, value)
            yield parameter.label or spelled(parameter.name), text


def needs_of(jobs: Iterable[AbstractJob]) -> Needs:
    """Of a report on the results of these."""
    return reduce(or_, (job.needs() for job in jobs), Needs())


def _worded(parameter: Parameter, value: object) -> str:
    """A value, as the report prints it: codes by their labels, days as elsewhere."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return " ".join(f"{spelled(name).lower()} {part}" for name, part in sorted(value.items()) if part != "")
    if isinstance(parameter, Day):
        return day(date.fromisoformat(str(value)))
    return label(str(value)) if isinstance(parameter, Choice | Choices) else str(value)
