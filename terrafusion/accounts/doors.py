"""Where one signs in with a password: tried too often, a form and REST answer with 429 and how long to wait."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from math import ceil
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from terrafusion.accounts import attempts
from terrafusion.api.throttles import LoginThrottle
from terrafusion.types import AnyRequest
from terrafusion.words import counted


class AccountThrottle(BaseThrottle):
    """By the account that the body names."""

    seconds = 0

    def allow_request(self, request: Request, view: APIView) -> bool:
        username = request.data.get("username") if isinstance(request.data, Mapping) else None
        self.seconds = closed_for(request, username)
        return not self.seconds

    def wait(self) -> float:
        return self.seconds


def closed_for(request: AnyRequest, username: object) -> int:
    """Seconds until the account may be tried from there; 0: now. A refusal is recorded."""
    seconds = attempts.wait(request, username) if isinstance(username, str) and username else 0
    if seconds:
        attempts.note_refusal(request, str(username))
    return seconds


def guarded(view: Callable[..., HttpResponseBase], username: str = "username") -> Callable[..., HttpResponseBase]:
    """A login form, which DRF's throttles do not reach; ``username`` is the field of it that names the account."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and (seconds := _seconds(request, username)):
            text = f"Too many attempts. Try again in {counted(seconds, 'second')}.\n"
            return HttpResponse(text, status=429, content_type="text/plain", headers={"Retry-After": str(seconds)})
        return view(request, *args, **kwargs)

    return wrapper


def _seconds(request: HttpRequest, username: str) -> int:
    throttle = LoginThrottle()
    # The throttle reads only what Django's request has too: META and user.
    if not throttle.allow_request(request, APIView()):  # type: ignore[arg-type]
        return ceil(throttle.wait() or 60)
    return closed_for(request, request.POST.get(username))
