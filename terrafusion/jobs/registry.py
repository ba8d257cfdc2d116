"""The job types that plugins bring. A plugin registers its type in ``AppConfig.ready()``; nothing here knows any."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from terrafusion.jobs.models import AbstractJob
    from terrafusion.jobs.rights import Needs


def _at_once(job: AbstractJob) -> float:
    return 0.0


@dataclass(frozen=True)
class JobType:
    """What the lifecycle must know of a plugin.

    ``name`` is the namespace of its URLs and what it is called in logs. ``type_field`` names the column whose value is
    the type label of the metrics, one of ``type_values()``. ``execute`` is the dotted path of
    ``execute(job, context) -> Outcome``, imported by the worker only; ``warm_up`` that of a function which each
    worker calls when it starts. ``seconds`` is how long a job is expected to take on two processors, by its kind and
    size: it decides about the job's lane (lanes.py). ``fingerprint`` is a digest of all that the job's result depends
    on, as it is now: the request, the rights of who submitted it, the version of the data (``records.versions``), the
    software; empty when the result must not be used again. ``renew`` brings the unsaved job of a rerun up to date, such
    as its estimates; it raises Refused where its request no longer holds. ``admit`` raises Refused where an unsaved job
    would break a limit of the plugin's own; it is called under a lock that lets a user submit one job at a time.
    ``feasible`` names, by the request's member, what keeps an unsaved job from succeeding with the records that there
    are now, and what to do about it: texts, none for a job that may succeed. It is asked at every submission and looks
    at little; a schedule may be made before its records are loaded. ``needs`` says what it takes to read the result of
    an unsaved job; without it, whoever sees the county may. Jobs of an ``internal`` type are made by other jobs: they
    have no addresses. ``forget`` is the dotted path of a function without arguments that each sweep calls, to remove
    what the plugin has kept long enough; it returns how many rows went.
    """

    model: type[AbstractJob]
    name: str
    metric_prefix: str
    type_field: str
    type_values: Callable[[], Collection[str]]
    execute: str
    seconds: Callable[[Any], float] = _at_once
    fingerprint: Callable[[Any], str] | None = None
    renew: Callable[[Any], None] | None = None
    admit: Callable[[Any], None] | None = None
    feasible: Callable[[Any], dict[str, list[str]]] | None = None
    needs: Callable[[Any], Needs] | None = None
    warm_up: str = ""
    internal: bool = False
    forget: str = ""

    @property
    def label(self) -> str:
        """The model's label, such as ``gis_export.GisExportJob``: all that a queued task says of the type."""
        return self.model._meta.label


_types: dict[str, JobType] = {}


def register(job_type: JobType) -> None:
    """Add a job type. A second one of the same model, name or metric prefix is a programming error: ValueError."""
    for other in _types.values():
        if any(getattr(other, key) == getattr(job_type, key) for key in ("label", "name", "metric_prefix")):
            raise ValueError(f"The job type {job_type.name!r} clashes with {other.name!r}, registered already.")
    _types[job_type.label] = job_type


def all_types() -> list[JobType]:
    return list(_types.values())


def public_types() -> list[JobType]:
    """Those that a user may ask for."""
    return [job_type for job_type in _types.values() if not job_type.internal]


def type_of(model: type[AbstractJob] | AbstractJob) -> JobType:
    """The type of a job or of its model."""
    return _types[model._meta.label]


def by_label(label: str) -> JobType:
    return _types[label]
