"""The fonts of reports, from packages: the same on every machine, and a script without a font is reported."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import manimgx_fonts
import manimgx_fonts_cjk
from fontTools.ttLib import TTFont

FAMILY = "Noto Sans"
FOLDERS = tuple(str(Path(package.__file__).parent) for package in (manimgx_fonts, manimgx_fonts_cjk))
_REPLACEMENT = "\ufffd"


@cache
def families() -> tuple[str, ...]:
    """The other families, in the order in which a character is looked for."""
    others = [family for family, _ in _fonts() if family != FAMILY]
    return tuple(sorted(others, key=lambda name: "Emoji" in name))  # it has digits, too


def replace_missing(text: str) -> tuple[str, frozenset[str]]:
    """The text with every character that no font has replaced by U+FFFD, and those characters."""
    if text.isascii():
        return text, frozenset()
    missing = _lacking().findall(text)
    return (_lacking().sub(_REPLACEMENT, text), frozenset(missing)) if missing else (text, frozenset())


@cache
def _lacking() -> re.Pattern[str]:
    """Matches a character that no font has and that is to be seen."""
    known = {code for _, codes in _fonts() for code in codes}
    known |= {0x0A, 0x20, 0xA0, 0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF}
    known |= set(range(0xFE00, 0xFE10))  # variation selectors
    spans: list[list[int]] = []
    for code in sorted(known):
        if spans and spans[-1][1] == code - 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return re.compile("[^" + "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in spans) + "]")


@cache
def _fonts() -> tuple[tuple[str, frozenset[int]], ...]:
    """Each family and its characters; of a collection the first font, which has those of all."""
    fonts = []
    for path in sorted(path for folder in FOLDERS for path in Path(folder).iterdir()):
        if path.suffix not in (".ttf", ".ttc") or "Italic" in path.name:
            continue
        with TTFont(path, lazy=True, fontNumber=0) as font:
            fonts.append((str(font["name"].getBestFamilyName()), frozenset(font.getBestCmap())))
    return tuple(fonts)
