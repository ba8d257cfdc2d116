"""The blocks of the record of what was handed out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reporting.document import blocks as b
from reporting.document.labels import label, spelled
from terrafusion.tables import Column, Kind

COLUMNS = (
    Column("asked", Kind.DATETIME, "Asked (UTC)", width=25),
    Column("user", Kind.TEXT, "By", width=12),
    Column("kind", Kind.TEXT, "Kind", width=10),
    Column("type", Kind.TEXT, "Type", width=23),
    Column("what", Kind.TEXT, "What", width=13),
    Column("status", Kind.TEXT, "Status", width=9),
    Column("records", Kind.INTEGER, "Records", width=8),
    Column("bytes", Kind.INTEGER, "Bytes", width=9),
    Column("personal", Kind.BOOLEAN, "Personal data", width=10),
    Column("withheld", Kind.TEXT, "Withheld", width=12),
    Column("job", Kind.TEXT, "Job", width=36),
)
ACCESS = (
    Column("at", Kind.DATETIME, "When (UTC)", width=25),
    Column("user", Kind.TEXT, "By", width=12),
    Column("act", Kind.TEXT, "Act", width=12),
    Column("kind", Kind.TEXT, "Kind", width=16),
    Column("key", Kind.TEXT, "Which", width=36),
    Column("file", Kind.TEXT, "File", width=30),
    Column("right", Kind.TEXT, "By right of", width=24),
)


@dataclass(frozen=True)
class Asked:
    """A job. ``personal`` is None where it has no result; ``withheld`` is as its result says it."""

    at: datetime
    user: str
    kind: str
    type: str
    layers: tuple[str, ...]
    status: str
    records: int | None
    bytes: int | None
    personal: bool | None
    withheld: Any
    job: str


@dataclass(frozen=True)
class Access:
    """An entry of the log of access to personal data."""

    at: datetime
    user: str
    act: str
    kind: str
    key: str
    file: str | None
    right: str


@dataclass(frozen=True)
class Activity:
    """``by_user`` counts results; ``personal`` are those with personal data. ``asked`` and ``accesses`` are read once,
    row by row, and there are ``jobs`` and ``access_count`` of them."""

    jobs: int
    by_user: Mapping[str, int]
    personal: int
    asked: Iterable[Asked]
    access_count: int
    accesses: Iterable[Access]


def build(activity: Activity) -> Iterator[b.Block]:
    yield b.KeyFigures(
        "activity",
        (
            b.Figure("jobs", "Requests", activity.jobs, Kind.INTEGER),
            b.Figure("finished", "Answered with a result", sum(activity.by_user.values()), Kind.INTEGER),
            b.Figure("users", "People", len(activity.by_user), Kind.INTEGER),
            b.Figure("personal", "With personal data", activity.personal, Kind.INTEGER),
        ),
    )
    if activity.jobs:
        columns = (Column("user", Kind.TEXT, "Person", width=30), Column("results", Kind.INTEGER, "Results"))
        people = sorted(activity.by_user.items(), key=lambda pair: (-pair[1], pair[0]))
        yield b.Table("by_person", "By person", columns, people)
        yield b.Heading("Requests")
        yield b.Table("requests", "", COLUMNS, map(_row, activity.asked))
    else:
        yield b.Text("Nothing was asked for in these days.")
    yield b.Heading("Access to personal data")
    if activity.access_count:
        yield b.Table("access", "", ACCESS, map(_access_row, activity.accesses))
    else:
        yield b.Text("Nobody was shown personal data in these days.")


def _row(one: Asked) -> b.Row:
    return (
        one.at,
        one.user,
        label(one.kind),
        label(one.type),
        ", ".join(map(spelled, one.layers)) or None,
        one.status,
        one.records,
        one.bytes,
        one.personal,
        _withheld(one.withheld) or None,
        one.job,
    )


def _access_row(entry: Access) -> b.Row:
    return (entry.at, entry.user, entry.act, spelled(entry.kind), entry.key or None, entry.file, entry.right)


def _withheld(withheld: object) -> str:
    """An export's manifest lists the fields of each layer; a report says it in words."""
    if isinstance(withheld, dict):
        return "; ".join(
            f"{spelled(layer)}: {', '.join(spelled(name).lower() for name in fields)}"
            for layer, fields in withheld.items()
            if fields
        )
    return str(withheld)
