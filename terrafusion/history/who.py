"""Who makes an edit: the user of a request, or the person at the machine who runs a command."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pghistory
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from pghistory.middleware import HistoryMiddleware, WSGIRequest

from terrafusion.types import AnyUser

_SERVERS = frozenset({"run_cluster", "runserver", "supervise", "sweep"})
"""Commands that edit nothing tracked and run for weeks."""


class _Request(WSGIRequest):
    """REST finds out who signed in when the request has passed the middleware."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)  # type: ignore[no-untyped-call]
        if name == "user":
            pghistory.context(username=_name(value))


class Middleware(HistoryMiddleware):
    """Marks edits of a request with its user (id and name, which stays when the user is deleted) and its path."""

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().get_context(request), "username": _name(getattr(request, "user", None))}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer: Callable[[HttpRequest], HttpResponseBase] = self.get_response
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return answer(request)
        with pghistory.context(**self.get_context(request)):
            request.__class__ = _Request
            return answer(request)


def command(arguments: Sequence[str]) -> AbstractContextManager[Any]:
    """Marks edits of ``manage.py COMMAND`` with the command and the name that its user has on this machine."""
    name = arguments[1] if len(arguments) > 1 else ""
    if not name or name in _SERVERS:
        return nullcontext()
    return pghistory.context(command=name, os_user=getpass.getuser())


def _name(user: AnyUser | None) -> str:
    return str(user.get_username()) if user is not None and hasattr(user, "get_username") else ""
