"""Bodies of requests, within the limits, and free of text that neither PostgreSQL nor UTF-8 can hold."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from terrafusion.api import bodies
from terrafusion.api.errors import BodyTooComplex, BodyTooLarge
from terrafusion.words import counted

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile
    from django.http.request import _ImmutableQueryDict
    from django.utils.datastructures import MultiValueDict
    from rest_framework.parsers import DataAndFiles

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # NUL, and halves of a surrogate pair


class JSONParser(parsers.JSONParser):
    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Raises ParseError for what is not JSON or cannot be stored, BodyTooLarge and BodyTooComplex for too much."""
        check_length(parser_context, int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE))
        text = stream.read()
        bodies.scan(text)
        try:
            data = super().parse(io.BytesIO(text), media_type, parser_context)
        except RecursionError:
            raise ParseError("JSON parse error - nested too deeply.") from None
        bodies.check(data)
        _check(_texts(data))
        return data


def check_length(parser_context: Mapping[str, Any] | None, max_bytes: int) -> None:
    """Raises BodyTooLarge for a body of more than ``max_bytes`` bytes, before anything is read."""
    request = (parser_context or {}).get("request")
    length = (request.META.get("CONTENT_LENGTH") or "0") if request is not None else "0"
    if length.isdecimal() and int(length) > max_bytes:
        raise BodyTooLarge(f"The body is longer than {counted(max_bytes, 'byte')}.")


def _texts(data: object) -> Iterator[str]:
    waiting = [data]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            # Coordinates are by far the most of a large body and hold no text.
            waiting.extend(value for value in item if not isinstance(value, float | int))


class FormParser(parsers.FormParser):
    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> _ImmutableQueryDict:
        """Raises BodyTooLarge, and BodyTooComplex for too many fields."""
        check_length(parser_context, int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE))
        try:
            data = super().parse(stream, media_type, parser_context)
        except TooManyFieldsSent:
            raise BodyTooComplex("The form has too many fields.") from None
        _check(text for name, values in data.lists() for text in (name, *values))
        return data


class MultiPartParser(parsers.MultiPartParser):
    """Django's own limit of a body leaves files out of account: this one does not."""

    def max_bytes(self) -> int:
        return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> DataAndFiles[_ImmutableQueryDict, MultiValueDict[str, UploadedFile[bytes]]]:
        """Raises BodyTooLarge before anything is read."""
        check_length(parser_context, self.max_bytes())
        try:
            parsed = super().parse(stream, media_type, parser_context)
        except TooManyFieldsSent:
            raise BodyTooComplex("The form has too many fields.") from None
        _check(text for name, values in parsed.data.lists() for text in (name, *values))
        return parsed


def _check(texts: Iterable[str]) -> None:
    if any(_UNSTORABLE.search(text) for text in texts):
        raise ParseError("A text of the body holds a NUL character or half a surrogate pair.")
