"""What Django itself answers with when no view could: problems under /api/, Django's plain pages elsewhere."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException, NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from terrafusion.api.errors import of_database
from terrafusion.api.problems import problem_response
from terrafusion.db_errors import DATABASE_AWAY


@extend_schema(exclude=True)
class _UnknownRoute(APIView):
    """Is the URL written as in the list, or was it a link of an earlier version?"""

    # Catches what no other route under /api/ did, also in DEBUG, where Django would show its own page.
    name = "Nothing here"
    permission_classes = [AllowAny]

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound(f"There is nothing at {request.path}; /api/v1/ lists what there is.", code="unknown_route")

    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        raise NotImplementedError  # initial() has answered, whatever the method


@csrf_exempt  # DRF checks where there is something to protect
def unknown_route(request: HttpRequest, *args: object) -> HttpResponseBase:
    """A plain function, so that the browsable API does not take it for a step of the path to other views."""
    return _UnknownRoute.as_view()(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if _is_api(request):
        return problem_response(request, 400, "bad_request", "The request could not be understood.")
    return defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if _is_api(request):
        return problem_response(request, 403, "permission_denied", "You may not do this.")
    return defaults.permission_denied(request, exception)


def server_error(request: HttpRequest) -> HttpResponseBase:
    error = sys.exception()
    if isinstance(error, DATABASE_AWAY):
        return _no_answer(request, of_database(error))
    if _is_api(request):
        return problem_response(request, 500, "internal_error", "The server failed; its log says why.")
    return defaults.server_error(request)


def _no_answer(request: HttpRequest, error: APIException) -> HttpResponseBase:
    """Of the database, where no view of the API could answer: in middleware, and on pages."""
    status, detail = error.status_code, str(error.detail)
    if _is_api(request):
        response: HttpResponse = problem_response(request, status, error.default_code, detail)
    else:
        page = defaults.ERROR_PAGE_TEMPLATE % {"title": f"Not available ({status})", "details": detail}
        response = HttpResponse(page, status=status)
    if wait := getattr(error, "wait", None):
        response["Retry-After"] = str(wait)
    return response


def _is_api(request: HttpRequest) -> bool:
    return request.path_info.startswith("/api/")
