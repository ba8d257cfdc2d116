"""A small document of every kind of block: what a county's template is tried on before it is kept."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from reporting.document import blocks as b
from reporting.render import pdf
from reporting.render.errors import RenderError
from reporting.render.files import RenderContext

_SECONDS = 20
_COLUMNS = (b.Column("parcel", b.Kind.TEXT, "Parcel"), b.Column("sold", b.Kind.DATE), b.Column("price", b.Kind.MONEY))
_SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"><path d="M1 1h80v50z" fill="#ccc"/></svg>'


def document(template: str, *, bare: bool) -> b.Document:
    figure = b.Figure("total", "Total", 1, b.Kind.MONEY, met=True)
    table = b.Table("sales", "Sales", _COLUMNS, [("0001", date(2026, 1, 5), 1)] * 60, ("Total", None, 60))
    content: tuple[b.Block, ...] = (
        b.Address(("A. Owner", "1 Main Street")),
        b.KeyFigures("key", (figure,)),
        b.Text("Words."),
        b.Text("A warning.", b.Tone.WARNING),
        b.Facts("facts", "Facts", (figure,)),
        b.Beside((b.Map("map", "Map", _SVG, "A map"), b.Image("photo", None, "No photograph"))),
        table,
    )
    blocks = (b.Section("0001", "Parcel 0001", content),) if bare else (b.Heading("Sample"), *content)
    return b.Document(
        name="sample",
        title="Sample",
        subtitle="A sample",
        brand=b.Brand("A County", "Assessor", ("1 Main Street",), template=template),
        as_of=datetime(2026, 1, 5, tzinfo=UTC),
        job_id="sample",
        parameters=(("County", "A County"),),
        blocks=blocks,
        bare=bare,
    )


def fault_of(template: str) -> str:
    """What is wrong with the template, in Typst's words; empty when reports and letters can be set with it."""
    for bare in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            try:
                pdf.render(document(template, bare=bare), RenderContext(Path(folder), stop_with=_within(_SECONDS)))
            except RenderError as error:
                return str(error)
    return ""


def _within(seconds: float) -> Callable[[Callable[[], None]], AbstractContextManager[None]]:
    """Kills what is not done in time: a template is a program, and may loop."""

    @contextmanager
    def limited(kill: Callable[[], None]) -> Iterator[None]:
        timer = threading.Timer(seconds, kill)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    return limited
