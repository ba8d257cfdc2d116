"""A session ends when nobody has used it for ``SESSION_IDLE_MINUTES``."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponseBase

_USED = "used"


class Middleware:
    """``SESSION_COOKIE_AGE`` is the limit, and a session that is used is written again, which puts its end off.

    Not each time: after a twentieth of the limit. And only a session that the request has read anyway.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        session = request.session
        if session.accessed and SESSION_KEY in session:
            now = int(time.time())
            if now - session.get(_USED, 0) >= settings.SESSION_COOKIE_AGE / 20:
                session[_USED] = now
        return response
