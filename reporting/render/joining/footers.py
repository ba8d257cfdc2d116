"""The footers of a document's pages, set when it is known how many pages there are, and laid over them.

Each page of the footers' own document becomes a form (ISO 32000-1, 8.10) that its page draws last, as an artifact
(14.8.2.2): footers are no part of the structure.
"""

from __future__ import annotations

import re

from reporting.render.errors import RenderError
from reporting.render.joining.part import PdfPart, mapped, one, references, split
from reporting.render.joining.writer import PdfOutput

_NAME = b"/Foot"
_DRAW = b"/Artifact<</Type/Pagination/Subtype/Footer/Attached[/Bottom]>>BDC\n%b Do\nEMC" % _NAME


class Footers:
    """Writes the forms, and gives each page its own, in the order of pages."""

    def __init__(self, part: PdfPart, writer: PdfOutput) -> None:
        self._part, self._writer = part, writer
        self._shift = writer.take(len(part) - 1) - 1
        self._forms: list[int] = []
        self._shared: set[int] = set()
        for number in part.pages():
            self._forms.append(self._form(part.content(number)))
        self._draw = writer.new()
        writer.write(self._draw, b"<</Length %d>>stream\n%b\nendstream" % (len(_DRAW), _DRAW))
        self._next = 0

    def below(self, page: bytes, resources: bytes) -> bytes:
        """The page's dictionary, all its references final, with its foot; ``resources`` are its own, as final."""
        if self._next == len(self._forms):
            raise RenderError("There are more pages than footers.")
        form = b"%b %d 0 R" % (_NAME, self._forms[self._next])
        self._next += 1
        if b"/XObject<<" in resources:
            resources = resources.replace(b"/XObject<<", b"/XObject<<" + form, 1)
        else:
            resources = resources.removesuffix(b">>") + b"/XObject<<" + form + b">>>>"
        page = re.sub(rb"/Resources \d+ 0 R", lambda _: b"/Resources" + resources, page)
        return re.sub(rb"/Contents (\d+ 0 R)", rb"/Contents[\1 %d 0 R]" % self._draw, page)

    def _form(self, page: bytes) -> int:
        """Writes the page's content as a form, and what it needs; the form's number."""
        content = int(one(rb"/Contents (\d+) 0 R", page))
        resources = int(one(rb"/Resources (\d+) 0 R", page))
        box = one(rb"/MediaBox(\[[^\]]*\])", page)
        self._copy(resources)
        head, stream = split(self._part.content(content))
        kind = b"<</Type/XObject/Subtype/Form/BBox%b/Resources %d 0 R" % (box, resources + self._shift)
        self._writer.write(content + self._shift, kind + head.removeprefix(b"<<") + stream)
        return content + self._shift

    def _copy(self, number: int) -> None:
        """The object and all that it leads to, once."""
        waiting = [number]
        while waiting:
            number = waiting.pop()
            if number in self._shared:
                continue
            self._shared.add(number)
            head, stream = split(self._part.content(number))
            waiting += references(head)
            head = mapped(head, lambda old: old + self._shift)
            if stream:
                self._writer.write(number + self._shift, head + stream)
            else:
                self._writer.put(number + self._shift, head)
