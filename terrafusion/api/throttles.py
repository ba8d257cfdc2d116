"""How often one may try to log in, by address, and ask for work that is done at once, by user; a general limit by user
holds for everything."""

from __future__ import annotations

from django.core.cache import caches
from django.utils.connection import ConnectionProxy
from rest_framework.request import Request
from rest_framework.throttling import AnonRateThrottle, BaseThrottle, UserRateThrottle
from rest_framework.views import APIView


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
