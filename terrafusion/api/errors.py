"""Errors over HTTP that DRF has no class for. ``code`` is stable: clients and tests may depend on it."""

from __future__ import annotations

from rest_framework import status
from rest_framework.exceptions import APIException

from terrafusion.db_errors import is_conflict, is_time_out


class Conflict(APIException):
    """The request is sound, but not in the state that the object is in."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"
    default_detail = "The object is not in a state that allows this."


class Gone(APIException):
    """It was here, was removed on purpose, and does not come back (such as an expired result file)."""

    status_code = status.HTTP_410_GONE
    default_code = "gone"
    default_detail = "This is no longer kept."


class BodyTooLarge(APIException):
    """The body is longer than a request may be."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body_too_large"
    default_detail = "The body is longer than a request may be."


class BodyTooComplex(APIException):
    """The body has more members, items, or levels than a request may have; terrafusion.api.bodies has the limits."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "body_too_complex"
    default_detail = "The body holds more than a request may hold."


class RangeNotSatisfiable(APIException):
    """The byte range that was asked for lies outside the file."""

    status_code = status.HTTP_416_REQUESTED_RANGE_NOT_SATISFIABLE
    default_code = "range_not_satisfiable"
    default_detail = "The requested range lies outside the file."


class DatabaseUnavailable(APIException):
    """Nothing is wrong with the request."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "database_unavailable"
    default_detail = "The database does not answer; try again in some seconds."
    wait = 10  # sent as Retry-After


class QueryTimedOut(APIException):
    """The database is there, but gave up what this request asked of it."""

    status_code = status.HTTP_504_GATEWAY_TIMEOUT
    default_code = "query_timed_out"
    default_detail = (
        "The database ended a query of this request, because it took longer than it may. "
        "Ask for less, or try again when there is less to do."
    )


class TransactionConflict(APIException):
    """The database undid what this request began, for the sake of another's. Nothing is wrong with either."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "transaction_conflict"
    default_detail = "This request was rolled back because of a conflicting transaction. Send it again."
    wait = 1  # sent as Retry-After


def of_database(error: BaseException) -> APIException:
    """What an error of ``db_errors.DATABASE_AWAY`` is over HTTP."""
    if is_time_out(error):
        return QueryTimedOut()
    return TransactionConflict() if is_conflict(error) else DatabaseUnavailable()
