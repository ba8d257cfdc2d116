"""Each web request has an id, which its answer and all of its log lines carry."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from terrafusion.logs import ids

HEADER = "X-Request-ID"


class Middleware:
    """The first of all, so that no line is without the id and no answer without the header."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = ids.begin_request(request.headers.get(HEADER))
        response = self.get_response(request)
        response[HEADER] = request_id
        return response
