"""The features of GeoJSON as its text has them: of a collection, or one to a line, each parsed when its turn comes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO, cast

from terrafusion.records.loading.errors import LoadError

Feature = dict[str, Any]
_PIECE = 1 << 20  # characters that are read at a time
_MAX_FEATURE = 1 << 28
_SEPARATOR = "\x1e"  # of RFC 8142
_BLANK = re.compile(r"[ \t\r\n\ufeff]*")
_COLLECTION = re.compile(r'"type"\s*:\s*"FeatureCollection"|"features"\s*:\s*\[')
_ESRI = re.compile(r'"(?:attributes|geometryType|esri(?:Geometry|FieldType)\w+)"')
PARTIAL = (
    "The server left out rows beyond its limit (exceededTransferLimit): the file is a part of the layer. Ask for the "
    "rest, or for a file of all of it."
)
_DECODER = json.JSONDecoder(parse_constant=str)  # NaN and Infinity are no JSON: texts, which are refused as numbers


def opened(file: Path) -> TextIO:
    return file.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n")


def is_features(file: Path) -> bool | None:
    """Whether the text is GeoJSON in lines (True) or as a whole (False); None where it is another kind of JSON."""
    with opened(file) as stream:
        head = stream.read(_PIECE)
    start = head.lstrip()
    if start.startswith(_SEPARATOR):
        return True
    if not start.startswith("{") or _is_esri(head):
        return None
    line = start.partition("\n")[0]
    try:
        first = _DECODER.decode(line)
    except ValueError:
        if _COLLECTION.search(head):
            return False
        if '"arcs"' in head:
            return None
        return '"Feature"' in line
    if not isinstance(first, dict) or first.get("type") not in {"Feature", "FeatureCollection"}:
        return None
    return bool(first["type"] == "Feature")


def is_esri(file: Path) -> bool:
    """Whether the text is a feature set as ArcGIS servers write it."""
    with opened(file) as stream:
        head = stream.read(_PIECE)
    return head.lstrip("\ufeff \t\r\n").startswith("{") and _is_esri(head)


def _is_esri(head: str) -> bool:
    return _ESRI.search(head) is not None and '"Feature' not in head


def is_partial(members: Feature) -> bool:
    return members.get("exceededTransferLimit") is True


def esri_features(file: Path, name: str, members: Feature) -> Iterator[Feature]:
    """Each feature of a feature set; ``members`` gets what else it holds. Raises ``LoadError`` as ``features``."""
    with opened(file) as stream:
        for where, feature in _in_collection(stream, name, members):
            _check_members(name, where, feature, ("attributes", "geometry"))
            yield feature


def features(file: Path, name: str, lines: bool, members: Feature) -> Iterator[tuple[str, Feature]]:
    """Each feature with where it is ("line 3"). ``members`` gets what else a collection holds, such as its ``crs``.
    Raises ``LoadError`` where the text breaks off or is no GeoJSON."""
    with opened(file) as stream:
        for where, feature in _in_lines(stream, name) if lines else _in_collection(stream, name, members):
            if not isinstance(feature, dict) or feature.get("type") != "Feature":
                raise LoadError(f"{name} cannot be loaded: {where} is no GeoJSON feature.")
            _check_members(name, where, feature, ("properties", "geometry"))
            yield where, feature


def _check_members(name: str, where: str, feature: Any, members: tuple[str, str]) -> None:
    for member in members:
        if not isinstance(feature, dict) or not isinstance(feature.get(member), dict | None):
            raise LoadError(f"{name} cannot be loaded: the {member} of {where} are no JSON object.")


def _in_lines(stream: TextIO, name: str) -> Iterator[tuple[str, Any]]:
    for number, line, last in _records(stream):
        try:
            yield f"line {number}", _DECODER.decode(line)
        except (ValueError, RecursionError) as error:
            reason = "the file breaks off" if last and not line.endswith("\n") else _reason(error)
            raise LoadError(
                f"{name} is damaged: line {number} is no whole JSON object ({reason}). Ask for the file again."
            ) from None


def _records(stream: TextIO) -> Iterator[tuple[int, str, bool]]:
    """(number of the line, text, whether it is the last) of each record: a line, or what follows a separator."""
    held, begun, separated = "", 0, False
    for number, line in enumerate(stream, 1):
        if line.startswith(_SEPARATOR):
            if held:
                yield begun, held, False
            held, begun, separated = line[1:], number, True
        elif separated:
            held += line
        elif not _is_blank(line):
            if held:
                yield begun, held, False
            held, begun = line, number
    if held and not _is_blank(held):
        yield begun, held, True


def _is_blank(line: str) -> bool:
    return line.isspace() or not line.strip("\x00\x1a\ufeff\u200b \t\r\n")


def _in_collection(stream: TextIO, name: str, members: Feature) -> Iterator[tuple[str, Any]]:
    text = _Text(stream, name)
    text.expect("{")
    count = 0
    while text.ahead() != "}":
        key = text.value()
        text.expect(":")
        if key == "features" and text.ahead() == "[":
            text.expect("[")
            while text.ahead() != "]":
                count += 1
                yield f"feature {count:,}", text.value()
                if text.ahead() != "]":
                    text.expect(",")
            text.expect("]")
        else:
            members[cast(str, key)] = text.value()
        if text.ahead() != "}":
            text.expect(",")
    text.end()
    if members.get("type") == "Feature":
        yield "feature 1", members


class _Text:
    """JSON values out of a text of which only a piece is in memory."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self._stream = stream
        self._name = name
        self._held, self._at, self._before = "", 0, 0

    def ahead(self) -> str:
        """The next character that is not blank; empty at the end."""
        while True:
            self._at = cast(re.Match[str], _BLANK.match(self._held, self._at)).end()
            if self._at < len(self._held):
                return self._held[self._at]
            if not self._more():
                return ""

    def expect(self, character: str) -> None:
        if (mark := self.ahead()) != character:
            self._refuse(f"{character!r} is missing" if mark else "the file breaks off")
        self._at += 1

    def value(self) -> object:
        self.ahead()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._held, self._at)
            except json.JSONDecodeError as error:
                unfinished = error.pos >= len(self._held) - 8 or error.msg.startswith("Unterminated string")
                if not unfinished or len(self._held) - self._at > _MAX_FEATURE:
                    self._at = error.pos
                    self._refuse(error.msg)
                if not self._more():
                    self._refuse("the file breaks off")
            except RecursionError:
                self._refuse("it is nested too deeply")
            else:
                if end < len(self._held) or not self._more():  # a number may go on
                    self._at = end
                    return value

    def end(self) -> None:
        self.expect("}")
        if self.ahead().strip("\x00\x1a"):
            self._refuse("text follows the end")

    def _more(self) -> bool:
        piece = self._stream.read(max(_PIECE, len(self._held) - self._at))
        self._before += self._at
        self._held, self._at = self._held[self._at :] + piece, 0
        return bool(piece)

    def _refuse(self, reason: str) -> None:
        raise LoadError(
            f"{self._name} is damaged: at character {self._before + self._at:,} {_lower(reason)}. "
            "Ask for the file again."
        ) from None


def _reason(error: Exception) -> str:
    return _lower(error.msg) if isinstance(error, json.JSONDecodeError) else "it is nested too deeply"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
