"""Documents as tagged PDF (PDF/UA-1), set by Typst in parts that are joined.

A document of more pages than ``MOST_PAGES`` becomes volumes, and each bundle of letters one of its own.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reporting.document import blocks as b
from reporting.document.frame import framed
from reporting.document.texts import clean, moment
from reporting.render import charts, fonts
from reporting.render.files import Desk, Rendered, RenderError
from reporting.render.join import join
from reporting.render.layout import Layout, Part
from reporting.render.typesetter import Typesetter

MOST_PAGES = 2_500
_TEMPLATE = Path(__file__).parent / "typst" / "report.typ"


def render(document: b.Document, desk: Desk) -> Rendered:
    """Writes the document into the desk's folder."""
    return _Press(document, desk).run()


class _Press:
    """One document on its way to paper."""

    def __init__(self, document: b.Document, desk: Desk) -> None:
        self._document, self._desk = document, desk
        self._missing: set[str] = set()
        self._notes: list[str] = []
        self._layout = Layout(self._text, charts.svg, self._file)
        shutil.copyfile(_TEMPLATE, desk.folder / "report.typ")
        (desk.folder / "county.typ").write_text(document.brand.template, encoding="utf-8")

    def run(self) -> Rendered:
        document, folder = self._document, self._desk.folder
        volumes: list[Path] = []
        pages = 0
        with Typesetter(self._desk, document.as_of) as typesetter:
            for bundle, parts in self._volumes(typesetter):
                called = f"{document.name}-{len(volumes) + 1:03}{f'-{_safe(bundle)}' if bundle else ''}.pdf"
                path = folder / called
                pages += join(parts, path)
                volumes.append(path)
        return Rendered(tuple(volumes), pages, tuple(self._all_notes()))

    def _volumes(self, typesetter: Typesetter) -> Iterator[tuple[str, list[Path]]]:
        """The bundle and the parts of each volume, set."""
        volume: list[Path] = []
        pages, bundle = 0, ""
        for number, part in enumerate(self._with_last(), 1):
            content, is_last = part
            if volume and (pages >= MOST_PAGES or content.bundle != bundle):
                yield bundle, volume
                volume, pages = [], 0
            bundle = content.bundle
            name = f"part-{number:05}"
            label = "" if number == 1 and is_last else f"Part {number} · "
            data = self._desk.folder / f"{name}.json"
            data.write_text(json.dumps({"meta": self._meta(number, label), "blocks": content.blocks}), encoding="utf-8")
            path, note = typesetter.typeset(name)
            data.unlink()
            if note and note not in self._notes:
                self._notes.append(note)
            volume.append(path)
            pages += _pages_of(path)
            self._desk.progress(content.cells)
        if volume:
            yield bundle, volume

    def _with_last(self) -> Iterator[tuple[Part, bool]]:
        before: Part | None = None
        for part in self._layout.parts(framed(self._document)):
            if before is not None:
                yield before, False
            before = part
        yield before or Part(), True

    def _meta(self, number: int, label: str) -> dict[str, Any]:
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
            "opening": number == 1 and not document.bare,
            "sectioned": document.bare,
            "part_label": "" if document.bare else label,
        }

    def _text(self, text: str) -> str:
        text, missing = fonts.replace_missing(clean(text))
        self._missing |= missing
        return text

    def _file(self, content: bytes) -> str:
        suffix = "png" if content.startswith(b"\x89PNG") else "jpg"
        name = f"{hashlib.sha256(content).hexdigest()}.{suffix}"
        path = self._desk.folder / name
        if not path.exists():
            path.write_bytes(content)
        return name

    def _all_notes(self) -> Iterator[str]:
        yield from self._notes
        if self._missing:
            shown = ", ".join(f"U+{ord(character):04X}" for character in sorted(self._missing)[:20])
            yield f"{len(self._missing)} characters are in no font and shown as \ufffd: {shown}."


def _pages_of(path: Path) -> int:
    found = re.search(rb"/Type/Pages/Count (\d+)", path.read_bytes())
    if found is None:
        raise RenderError(f"{path.name} does not say how many pages it has.")
    return int(found[1])


def _safe(name: str) -> str:
    """For a file's name."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:40]
