"""Every error of the API as an RFC 9457 problem: the exception handler's formatter and response.

A problem has ``type``, ``title``, ``status``, ``detail``, ``code`` (stable, for programs) and ``errors``: one
``{"code", "detail", "field"}`` for each of the first faults of the request, all at once, and ``error_count``, how many
there are; ``field`` is a dotted path inside a nested body, and None when the whole request is at fault.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from http import HTTPStatus
from itertools import count
from typing import Any, TypedDict

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.types import Error, ErrorResponse
from rest_framework import exceptions
from rest_framework.renderers import BrowsableAPIRenderer, JSONRenderer
from rest_framework.response import Response
from rest_framework.settings import api_settings

from terrafusion.api.errors import BodyTooLarge, of_database
from terrafusion.db_errors import DATABASE_AWAY

CONTENT_TYPE = "application/problem+json"
MAX_ERRORS = 20
_MAX_TEXT = 4_000
"""Characters of one message: some list what there is, or repeat what was given."""
_MAX_FIELD = 200


class Fault(TypedDict):
    code: str
    detail: str
    field: str | None


class Problem(TypedDict):
    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[Fault]
    error_count: int


def problem(status: int, code: str, detail: str, errors: list[Fault] | None = None, error_count: int = 0) -> Problem:
    """``type`` is about:blank as RFC 9457 asks where ``title`` is no more than the status; ``code`` says the rest."""
    return Problem(
        type="about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        errors=errors or [],
        error_count=error_count,
    )


class ProblemFormatter(ExceptionFormatter):  # type: ignore[misc]  # the library is not followed by mypy
    def get_errors(self) -> list[Error]:
        """The library's own takes time by the square of their number."""
        return list(_flat(self.exc.detail))

    def format_error_response(self, error_response: ErrorResponse) -> Problem:
        status = self.exc.status_code
        if not isinstance(self.exc, exceptions.ValidationError):
            first = error_response.errors[0]
            code = "internal_error" if status == HTTPStatus.INTERNAL_SERVER_ERROR else first.code
            return problem(status, code, _short(first.detail, _MAX_TEXT))
        errors = error_response.errors
        faults = [Fault(code=e.code, detail=_short(e.detail, _MAX_TEXT), field=_field(e.attr)) for e in errors]
        return problem(status, "validation_error", _summary(faults), faults[:MAX_ERRORS], len(faults))


def _summary(faults: list[Fault]) -> str:
    named = sorted({fault["field"] for fault in faults if fault["field"]})
    if not named:
        return _short(" ".join(fault["detail"] for fault in faults[:MAX_ERRORS]), _MAX_TEXT)
    more = len(named) - MAX_ERRORS
    listed = ", ".join(named[:MAX_ERRORS]) + (f", and {more:,} more" if more > 0 else "")
    return f"These are not valid: {listed}."


def _flat(detail: object) -> Iterator[Error]:
    """Each single fault with the path to it, those that are least deep first."""
    waiting: deque[tuple[Any, str | None]] = deque([(detail, None)])
    while waiting:
        node, at = waiting.popleft()
        if isinstance(node, dict):
            waiting.extend((value, _within(at, name)) for name, value in node.items() if value or value == "")
        elif isinstance(node, list):
            nested = count()
            for item in node:
                whole = isinstance(item, exceptions.ErrorDetail)
                place = at if whole else _within(at, next(nested))
                if item or item == "":
                    waiting.append((item, place))
        else:
            yield Error(node.code, str(node), at)


def _within(at: str | None, name: object) -> str:
    return f"{at}.{name}" if at else str(name)


def _short(text: str, max_length: int) -> str:
    return text if len(text) <= max_length else f"{text[: max_length - 3]}..."


def _field(attr: str | None) -> str | None:
    parts = [part for part in (attr or "").split(".") if part != api_settings.NON_FIELD_ERRORS_KEY]
    return _short(".".join(parts), _MAX_FIELD) or None


class ProblemResponse(Response):
    """A problem is JSON whatever else the view renders (YAML, a file), and a page for the browsable API."""

    @property
    def rendered_content(self) -> Any:
        if not isinstance(getattr(self, "accepted_renderer", None), BrowsableAPIRenderer):
            self.accepted_renderer = JSONRenderer()
            self.accepted_media_type = CONTENT_TYPE
            self.content_type = CONTENT_TYPE
        return super().rendered_content


class ProblemHandler(ExceptionHandler):  # type: ignore[misc]  # the library is not followed by mypy
    def convert_known_exceptions(self, exc: Exception) -> Exception:
        if isinstance(exc, RequestDataTooBig):  # from the first look at the body, whatever its media type
            return BodyTooLarge(f"The body is longer than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes.")
        if isinstance(exc, DATABASE_AWAY):
            return of_database(exc)
        known: Exception = super().convert_known_exceptions(exc)
        return known

    def get_response(self, exc: exceptions.APIException, data: Problem) -> ProblemResponse:
        return ProblemResponse(data, status=exc.status_code, headers=self.get_headers(exc))


def problem_response(request: HttpRequest, status: int, code: str, detail: str) -> JsonResponse:
    """For what fails outside a DRF view: middleware, and Django's own handlers."""
    return JsonResponse(problem(status, code, detail), status=status, content_type=CONTENT_TYPE)
