"""What a run must know of each valuation method. Nothing here knows any: an app registers its own in ``ready()``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date

    from terrafusion.jobs.request import Parameter
    from terrafusion.records.models import County
    from valuation.models import ValuationJob


@dataclass(frozen=True, kw_only=True)
class Method:
    """A valuation method, as REST, the run, sheets, and reports know it.

    ``label`` is its name in words, a colon, and what its values rest on. ``lacks`` says what keeps an unsaved job from
    succeeding with the records that there are, and what to do: texts, none for a job that may succeed. ``settle``
    completes a request that may leave out its valuation date; the other methods require one.

    ``execute`` and ``approach`` are dotted paths, imported by the worker only, which alone holds pandas: of
    ``execute(job, context) -> Outcome``, and of ``prepare(job, market, ready, progress) -> Approach | None``, which
    makes the method's approach to value ready (``valuation.run.approaches``) or leaves it out. ``beside`` names the
    methods whose approaches are shown with its own. An approach that is ``weighed`` has a part in reconciled values; a
    method that ``reconciles`` has no approach of its own and weighs those. ``effort`` is the approach's part of the
    time that approaches take to prepare, for the progress of a job, ``seconds_per_parcel`` the time on two processors,
    and ``trains`` says that the run takes minutes, however few its parcels, unless it uses a stored model.

    ``tables`` are the county's tables that it reads; of each group in ``needs`` one must have a row in force.
    ``sources`` are the models, beyond parcels and sales, and ``libraries`` the packages, beyond those of all runs, on
    which its result depends.

    ``lines`` are those of its calculation in their order, and ``flags`` the meanings of its own flags and refusals
    beyond those that methods share (``valuation.flags``). ``explains`` says that it gives reasons in dollars.
    """

    name: str
    label: str
    parameters: tuple[Parameter, ...]
    lacks: Callable[[ValuationJob, Method], list[str]]
    settle: Callable[[dict[str, Any], County, date | None], date] | None = None
    gives_values: bool = True
    execute: str = "valuation.run.valuing.run"
    approach: str = ""
    beside: tuple[str, ...] = ()
    weighed: bool = False
    reconciles: bool = False
    effort: float = 0.0
    seconds_per_parcel: float = 0.0
    trains: bool = False
    tables: tuple[str, ...] = ()
    needs: tuple[tuple[str, ...], ...] = ()
    sources: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    flags: Mapping[str, str] = field(default_factory=dict)
    explains: bool = False

    @property
    def title(self) -> str:
        """``Mass appraisal``."""
        return self.label.split(":")[0]

    @property
    def short(self) -> str:
        """In a word or two, for sentences: ``mass appraisal``."""
        return self.title.lower()

    def approaches(self) -> list[Method]:
        """The methods whose approaches a run makes ready: its own first, then those that are shown beside it."""
        return weighed() if self.reconciles else [self, *map(get, self.beside)]


_methods: dict[str, Method] = {}


def register(method: Method) -> None:
    """Add a method. A second one of the same name is a programming error: ValueError."""
    if method.name in _methods:
        raise ValueError(f"A valuation method {method.name!r} is registered already.")
    _methods[method.name] = method


def all_methods() -> list[Method]:
    """In the order of their registration."""
    return list(_methods.values())


def names() -> list[str]:
    return list(_methods)


def get(name: str) -> Method:
    return _methods[name]


def find(name: str) -> Method | None:
    """None for a method of which nothing is known any more, as a stored row may name one."""
    return _methods.get(name)


def label_of(code: str) -> str | None:
    """What a method, or a flag that one method alone sets, is called in tables; None for any other code."""
    if method := find(code):
        return method.title
    own = any(code in method.flags for method in _methods.values())
    return code.replace("_", " ").capitalize() if own else None


def weighed() -> list[Method]:
    """The methods whose approaches have a part in reconciled values."""
    return [method for method in _methods.values() if method.weighed]


def valueless() -> list[str]:
    """The names of the methods that give no values."""
    return [method.name for method in _methods.values() if not method.gives_values]


def choices() -> list[tuple[str, str]]:
    """Of a column or a field: names and labels."""
    return [(method.name, method.label) for method in _methods.values()]
