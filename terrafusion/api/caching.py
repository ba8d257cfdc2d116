"""What browsers and proxies may keep of the API's answers: nothing, unless the view says otherwise."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

_PATH = "/api/"


class Middleware:
    """``Cache-Control: no-store`` on answers under /api/ that have no Cache-Control of their own.

    Records, previews, and lists of jobs may hold personal data, and what a browser has kept outlives the right to see
    it. Files have an ETag, and are asked for each time (``jobs.api.download``).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.path_info.startswith(_PATH) and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        return response
