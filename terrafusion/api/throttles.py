"""How often one may try to log in, by address, and ask for work that is done at once, by user; a general limit by user
holds for everything."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from math import ceil
from typing import Any

from django.core.cache import caches
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.connection import ConnectionProxy
from rest_framework.request import Request
from rest_framework.throttling import AnonRateThrottle, BaseThrottle, UserRateThrottle
from rest_framework.views import APIView

from terrafusion.words import counted


class LoginThrottle(AnonRateThrottle):
    scope = "login"
    cache = ConnectionProxy(caches, "logins")  # type: ignore[assignment]  # which is what DRF's own is


class WorkThrottle(UserRateThrottle):
    """POSTs that are answered with work done at once: no limit of active jobs holds them."""

    scope = "work"

    def allow_request(self, request: Request, view: APIView) -> bool:
        return request.method != "POST" or super().allow_request(request, view)


DONE_AT_ONCE: tuple[type[BaseThrottle], ...] = (AnonRateThrottle, UserRateThrottle, WorkThrottle)
"""The throttles of a view that works while the request waits, as estimates and previews do."""


def throttled_login(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The same limit for a login form of Django, which DRF's throttles do not reach."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        throttle = LoginThrottle()
        # The throttle reads only what Django's request has too: META and user.
        if request.method == "POST" and not throttle.allow_request(request, APIView()):  # type: ignore[arg-type]
            wait = ceil(throttle.wait() or 60)
            text = f"Too many attempts. Try again in {counted(wait, 'second')}.\n"
            return HttpResponse(text, status=429, content_type="text/plain", headers={"Retry-After": str(wait)})
        return view(request, *args, **kwargs)

    return wrapper
