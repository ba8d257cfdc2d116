"""Documents as tagged PDF (PDF/UA-1), set by Typst in parts that are joined.

A document of more pages than ``MAX_PAGES`` becomes volumes, and each bundle of letters one of its own. Pages are
counted over a volume: of one that has several parts, the footers are set when all of them are. Sections, such as cards,
count their own.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from reporting.document import blocks as b
from reporting.document.frame import framed
from reporting.document.texts import clean, moment
from reporting.render import charts, fonts
from reporting.render.errors import RenderError
from reporting.render.files import RenderContext, Rendered
from reporting.render.joining.join import join
from reporting.render.layout import Layout
from reporting.render.typesetter import Typesetter
from terrafusion.words import counted

_Item = TypeVar("_Item")
MAX_PAGES = 2_500
_WIDTHS = {False: 504.0, True: 684.0}
"""Of a page between its margins, in points, as the template has them; by whether it lies on its side."""
_TEMPLATE = Path(__file__).parent / "typst" / "report.typ"


def render(document: b.Document, context: RenderContext) -> Rendered:
    """Writes the document into the folder of the context."""
    return _PdfRenderer(document, context).run()


@dataclass
class _Volume:
    """The parts of a file, set but for their footers."""

    bundle: str = ""
    parts: list[Path] = field(default_factory=list)
    pages: int = 0
    without_footers: bool = False


class _PdfRenderer:
    """One document on its way to paper."""

    def __init__(self, document: b.Document, context: RenderContext) -> None:
        self._document, self._context = document, context
        self._missing: set[str] = set()
        self._notes: list[str] = []
        self._layout = Layout(self._text, charts.svg, self._file, _WIDTHS[document.landscape])
        shutil.copyfile(_TEMPLATE, context.folder / "report.typ")
        (context.folder / "county.typ").write_text(document.brand.template, encoding="utf-8")

    def run(self) -> Rendered:
        made: list[Path] = []
        pages = 0
        with Typesetter(self._context, self._document.as_of) as typesetter:
            for volume, is_last in with_last(self._volumes(typesetter)):
                number = len(made) + 1
                path = self._context.folder / f"{self._document.name}-{number:03}{_suffix(volume.bundle)}.pdf"
                label = "" if number == 1 and is_last else f"Volume {number} · "
                footers = self._footers(typesetter, volume.pages, label) if volume.without_footers else None
                pages += join(volume.parts, path, footers)
                made.append(path)
        return Rendered(tuple(made), pages, tuple(self._all_notes()))

    def _volumes(self, typesetter: Typesetter) -> Iterator[_Volume]:
        volume = _Volume()
        for number, (part, is_last) in enumerate(with_last(self._layout.parts(framed(self._document))), 1):
            if volume.parts and (volume.pages >= MAX_PAGES or part.bundle != volume.bundle):
                yield volume
                volume = _Volume()
            # A document of one part knows how many pages it has, and sections count their own.
            volume.without_footers = not self._document.bare and not (number == 1 and is_last)
            volume.bundle = part.bundle
            meta = self._meta(opening=number == 1, without_footers=volume.without_footers)
            path = self._set(typesetter, f"part-{number:05}", {"meta": meta, "blocks": part.blocks})
            volume.parts.append(path)
            volume.pages += _pages_of(path)
            self._context.progress(part.cells)
        if volume.parts:
            yield volume

    def _footers(self, typesetter: Typesetter, pages: int, label: str) -> Path:
        """The footers of a volume, a page each."""
        numbers = [f"{label}Page {page:,} of {pages:,}" for page in range(1, pages + 1)]
        return self._set(typesetter, "footers", {"meta": self._meta(), "footers": numbers})

    def _set(self, typesetter: Typesetter, name: str, content: dict[str, Any]) -> Path:
        data = self._context.folder / f"{name}.json"
        data.write_text(json.dumps(content), encoding="utf-8")
        path, note = typesetter.typeset(name)
        data.unlink()
        if note and note not in self._notes:
            self._notes.append(note)
        return path

    def _meta(self, *, opening: bool = False, without_footers: bool = False) -> dict[str, Any]:
        document, brand = self._document, self._document.brand
        t = self._text
        foot = [f"Data as of {moment(document.as_of)}", f"Job {document.job_id}"]
        return {
            "title": t(document.title),
            "subtitle": t(document.subtitle),
            "county": t(brand.name),
            "office": t(brand.office),
            "address": [t(line) for line in brand.address],
            "foot": t("  ·  ".join([brand.footer, *foot] if brand.footer else foot)),
            "color": brand.color,
            "seal": None if brand.seal is None else self._file(brand.seal),
            "template": bool(brand.template),
            "language": document.language,
            "landscape": document.landscape,
            "fonts": fonts.families(),
            "opening": opening and not document.bare,
            "sectioned": document.bare,
            "key_title": t(document.key_title),
            "without_footers": without_footers,
        }

    def _text(self, text: str) -> str:
        text, missing = fonts.replace_missing(clean(text))
        self._missing |= missing
        return text

    def _file(self, content: bytes) -> str:
        suffix = "png" if content.startswith(b"\x89PNG") else "jpg"
        name = f"{hashlib.sha256(content).hexdigest()}.{suffix}"
        path = self._context.folder / name
        if not path.exists():
            path.write_bytes(content)
        return name

    def _all_notes(self) -> Iterator[str]:
        yield from self._notes
        if self._missing:
            shown = ", ".join(f"U+{ord(character):04X}" for character in sorted(self._missing)[:20])
            yield f"{counted(len(self._missing), 'character')} without a font, shown as \ufffd: {shown}."


def _pages_of(path: Path) -> int:
    match = re.search(rb"/Type/Pages/Count (\d+)", path.read_bytes())
    if match is None:
        raise RenderError(f"{path.name} does not say how many pages it has.")
    return int(match[1])


def _suffix(bundle: str) -> str:
    """Of a file's name."""
    safe = re.sub(r"[^A-Za-z0-9]+", "-", bundle).strip("-")[:40]
    return f"-{safe}" if safe else ""


def with_last(items: Iterable[_Item]) -> Iterator[tuple[_Item, bool]]:
    """Each item, and whether it is the last."""
    waiting = iter(items)
    for item in waiting:
        for following in waiting:
            yield item, False
            item = following
        yield item, True
