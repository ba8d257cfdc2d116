"""What the OpenAPI schema says about the endpoints of a job type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drf_spectacular.drainage import isolate_view_method
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from terrafusion.api.schema import ProblemSerializer
from terrafusion.jobs.api.files import MemberSerializer

if TYPE_CHECKING:
    from terrafusion.jobs.api.viewsets import JobViewSet

IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Up to 255 characters of your choice. A retry with the same key and body returns the first job.",
)
_RANGE = OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="Such as bytes=0-1023 or bytes=-500.")
_INLINE = OpenApiParameter(
    "inline", bool, description="Show a picture, PDF, JSON or HTML in the browser instead of saving it."
)
_NAME = OpenApiParameter("name", str, OpenApiParameter.PATH, description="As the list of files has it.")
_JOB_ID = OpenApiParameter("job_id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="The job.")
_SUMMARIES = {
    "run": "Submit a job",
    "status": "How a job is doing",
    "results": "The result of a job",
    "jobs": "The jobs of your counties",
    "cancel": "Cancel a job",
    "rerun": "Submit a job again",
    "download": "The result file",
    "files": "The files of a result",
    "file": "One file of a result",
}


def describe(viewset: type[JobViewSet]) -> None:
    """Declare to the OpenAPI schema what each action of this JobViewSet takes and gives."""
    shown = viewset.serializer_class
    missing = {400: ProblemSerializer, 404: ProblemSerializer}
    refused = {**missing, 409: ProblemSerializer}
    sent: dict[Any, Any] = {
        (200, "application/octet-stream"): OpenApiTypes.BINARY,
        (206, "application/octet-stream"): OpenApiTypes.BINARY,
        304: OpenApiResponse(description="The file is the one of If-None-Match."),
        **refused,
        403: ProblemSerializer,
        410: ProblemSerializer,
        416: ProblemSerializer,
    }
    actions: dict[str, dict[str, Any]] = {
        "run_form": {"exclude": True},
        "run": {
            "request": viewset.run_serializer_class,
            "responses": {202: shown, 403: ProblemSerializer, 409: ProblemSerializer},
            "parameters": [IDEMPOTENCY],
        },
        "status": {"responses": {200: shown, **missing}, "parameters": [_JOB_ID]},
        "results": {
            "responses": {200: viewset.results_serializer_class, **missing},
            "parameters": [_JOB_ID],
        },
        "jobs": {"responses": shown(many=True)},
        "cancel": {
            "request": None,
            "responses": {202: shown, **refused},
            "parameters": [_JOB_ID],
        },
        "rerun": {
            "request": None,
            "responses": {202: shown, **refused},
            "parameters": [_JOB_ID, IDEMPOTENCY],
        },
        "download": {
            "parameters": [_JOB_ID, _RANGE],
            "responses": {
                **sent,
                302: OpenApiResponse(description="The file is at the signed address in Location."),
            },
        },
        "files": {
            "parameters": [_JOB_ID],
            "responses": {200: MemberSerializer(many=True), **refused, 403: ProblemSerializer, 410: ProblemSerializer},
        },
        "file": {"parameters": [_JOB_ID, _NAME, _INLINE, _RANGE], "responses": sent},
    }
    for name, description in actions.items():
        # Each plugin's viewset gets methods of its own to describe: the inherited ones belong to all.
        extend_schema(summary=_SUMMARIES.get(name), **description)(isolate_view_method(viewset, name))  # type: ignore[no-untyped-call]
