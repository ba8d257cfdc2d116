"""Formats that are XML: what XML lets a text hold, and how."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gis_export.formats.text import TextFormat, contains, replaced
from gis_export.plan import LayerPlan, Loss

if TYPE_CHECKING:
    import pyarrow as pa

# XML 1.0 section 2.2 allows no control character but tab, line feed and carriage return.
_CONTROL = bytes(code for code in range(1, 32) if code not in (9, 10, 13))
_FORBIDDEN = r"[\x01-\x08\x0b\x0c\x0e-\x1f\x{FFFE}\x{FFFF}]"
_NONCHARACTERS = b"\xef"  # with which U+FFFE and U+FFFF begin in UTF-8
# XML readers make a line feed of a bare carriage return.
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}  # the ampersand first

FORBIDDEN_DROPPED = "Characters that XML forbids are dropped."


class XmlFormat(TextFormat):
    may_lose = {"altered": FORBIDDEN_DROPPED}
    not_finite = {"NaN": "NaN", "Infinity": "INF", "-Infinity": "-INF"}  # as XML Schema's double has them

    def escape(self, texts: pa.StringArray, counts: Counter[str]) -> pa.StringArray:
        import pyarrow.compute as pc

        if contains(texts, _CONTROL + _NONCHARACTERS):
            clean = pc.replace_substring_regex(texts, _FORBIDDEN, "")
            counts["cleaned"] += pc.sum(pc.not_equal(clean, texts)).as_py() or 0
            texts = clean
        return replaced(texts, _ENTITIES)

    def losses(self, layer: LayerPlan, counts: Counter[str]) -> list[Loss]:
        count = counts["cleaned"]
        return [Loss(layer.name, "altered", FORBIDDEN_DROPPED, count=count)] if count else []
