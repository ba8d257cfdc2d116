"""The ids that the lines of the current request or job carry."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

from django.core.signals import request_finished

NAMES = ("request_id", "trace_id", "job_id", "job_type")
"""The ids that there are, in the order in which a line has them."""

_TAKEN_ALONG = ("request_id", "traceparent")
_NONE: Mapping[str, str] = MappingProxyType({})
_ids: ContextVar[Mapping[str, str]] = ContextVar("ids", default=_NONE)
_WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def current() -> Mapping[str, str]:
    """Those of this thread. A thread that is started has none, unless it is run in a copied context."""
    return _ids.get()


def of_request() -> dict[str, str]:
    """Those that a job takes along."""
    return {name: value for name, value in current().items() if name in _TAKEN_ALONG}


def of_record(record: logging.LogRecord) -> dict[str, str]:
    """Those of a log record: the thread's, or what the call gave by ``extra={"job_id": ...}``."""
    known = {**current(), **{name: str(vars(record)[name]) for name in NAMES if name in vars(record)}}
    return {name: known[name] for name in NAMES if known.get(name)}


@contextmanager
def marked(**more: str) -> Iterator[None]:
    """In the block these ids are added to those that there are."""
    token = _ids.set({**current(), **more})
    try:
        yield
    finally:
        _ids.reset(token)


def add(**more: str) -> None:
    """Add ids of the request, until it ends."""
    _ids.set({**current(), **more})


def begin_request(sent: str | None) -> str:
    """The id of a request: the one that the client or proxy sent if it is well-formed, else a new one.

    It stays until Django has closed the response, after the last byte of a download and the line of the access log.
    """
    request_id = sent if sent and _WELL_FORMED.fullmatch(sent) else str(uuid.uuid4())
    _ids.set({"request_id": request_id})
    return request_id


def _end_request(**_: object) -> None:
    _ids.set(_NONE)


request_finished.connect(_end_request)
