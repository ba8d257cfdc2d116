"""How often one may try to log in, by address; everything else is limited by user."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from math import ceil
from typing import Any

from django.core.cache import caches
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.connection import ConnectionProxy
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView


class LoginThrottle(AnonRateThrottle):
    scope = "login"
    cache = ConnectionProxy(caches, "logins")  # type: ignore[assignment]  # which is what DRF's own is


def throttled_login(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The same limit for a login form of Django, which DRF's throttles do not reach."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        throttle = LoginThrottle()
        # The throttle reads only what Django's request has too: META and user.
        if request.method == "POST" and not throttle.allow_request(request, APIView()):  # type: ignore[arg-type]
            wait = str(ceil(throttle.wait() or 60))
            text = f"Too many attempts. Try again in {wait} seconds.\n"
            return HttpResponse(text, status=429, content_type="text/plain", headers={"Retry-After": wait})
        return view(request, *args, **kwargs)

    return wrapper
