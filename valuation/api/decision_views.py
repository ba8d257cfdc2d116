"""The addresses of decisions: what there is to decide, the preview of one, and the record of all."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from django.db.models import Count, QuerySet, Sum
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from terrafusion.api.errors import Conflict
from terrafusion.api.pagination import CursorPagination
from terrafusion.api.schema import ProblemSerializer
from terrafusion.api.throttles import DONE_AT_ONCE
from terrafusion.api.views import signed_in
from terrafusion.jobs.errors import Refused
from terrafusion.records.access import counties_for
from valuation import values
from valuation.api.decision_pages import PreviewPage, RecordPage
from valuation.api.decisions import (
    ConfirmedDecisionSerializer,
    DecisionRequestSerializer,
    DecisionSerializer,
    PreviewSerializer,
    StandingSerializer,
)
from valuation.api.views import JOB_ID, OfJob
from valuation.decisions import execute
from valuation.decisions.asked import DecisionRequest
from valuation.decisions.errors import OtherCount, UnreadableToken
from valuation.decisions.preview import preview
from valuation.decisions.rules import RULES
from valuation.models import Decision, PropertyValuation

_REFUSED = {400: ProblemSerializer, 403: ProblemSerializer, 404: ProblemSerializer, 409: ProblemSerializer}
_FILLED_IN = ("step", "decision")
_FAULTY = {UnreadableToken: "token", OtherCount: "count"}
"""What is wrong with the request itself, by the field."""


class _Deciding(OfJob):
    def get_serializer_context(self) -> dict[str, Any]:
        context = super().get_serializer_context()
        return context if getattr(self, "swagger_fake_view", False) else {**context, "job": self.job}

    def checked(self, request: Request) -> dict[str, Any]:
        """What is asked for; refused to those who have no right to the step."""
        asked = self.get_serializer(data=request.data)
        asked.is_valid(raise_exception=True)
        step = asked.validated_data["request"].step
        role = RULES[step].role
        if not counties_for(request.user, at_least=role).filter(pk=self.job.county_id).exists():
            raise PermissionDenied(f"In {self.job.county_id} to {step.label.split(':')[0].lower()} takes {role.value}.")
        validated: dict[str, Any] = asked.validated_data
        return validated


class DecisionPreviewView(_Deciding):
    """What a decision would do: how many values, the totals before and after, the largest changes, what is skipped and
    why. Nothing is done. To make the decision, POST the same body to `decisions`, with the token and the count."""

    serializer_class = DecisionRequestSerializer
    throttle_classes = DONE_AT_ONCE
    queryset = PropertyValuation.objects.all()
    renderer_classes = (OfJob.renderer_classes[0], PreviewPage)
    query_parameters: ClassVar[Mapping[str, Collection[str]]] = {"get": _FILLED_IN}
    request_shown: DecisionRequest | None = None
    """What was previewed, for the page's confirming form."""

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """Links of the record and the admin fill in the form."""
        serializer: Any = super().get_serializer(*args, **kwargs)
        for name in _FILLED_IN:
            if name in self.request.query_params:
                serializer.fields[name].initial = self.request.query_params[name]
        return serializer

    @extend_schema(
        summary="What there is to decide about, by state",
        parameters=[JOB_ID, *(OpenApiParameter(name, str, description="For the form.") for name in _FILLED_IN)],
        responses={200: StandingSerializer(many=True), 404: ProblemSerializer, 409: ProblemSerializer},
    )
    def get(self, request: Request, job_id: str) -> Response:
        standing = self.values().order_by("state").values("state")
        counted = standing.annotate(count=Count("pk"), total=Sum(PropertyValuation.final_value))
        return Response(StandingSerializer(counted, many=True).data)

    @extend_schema(
        summary="Preview a decision",
        parameters=[JOB_ID],
        request=DecisionRequestSerializer,
        responses={200: PreviewSerializer, **_REFUSED},
    )
    def post(self, request: Request, job_id: str) -> Response:
        asked = self.checked(request)["request"]
        try:
            shown = preview(self.job, request.user, asked)
        except Refused as refused:
            raise Conflict(str(refused), refused.code) from None
        self.request_shown = asked
        return Response(PreviewSerializer(shown.as_json()).data)


class DecisionsView(_Deciding):
    """What was decided about the values of a run, the newest first. POST makes a decision that was previewed
    (`decisions/preview`): the same body, with the token and the count of the preview."""

    serializer_class = DecisionSerializer
    pagination_class = CursorPagination
    list_actions = ("get",)
    renderer_classes = (OfJob.renderer_classes[0], RecordPage)
    queryset = Decision.objects.all()
    ordering = ("-decided_at", "-id")

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return ConfirmedDecisionSerializer if self.request.method == "POST" else DecisionSerializer

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return Decision.objects.none()
        return Decision.objects.filter(job=values.made_by(self.job)).select_related("decided_by")

    @extend_schema(
        summary="Decisions about a run's values",
        parameters=[JOB_ID],
        responses={200: DecisionSerializer(many=True), 404: ProblemSerializer},
    )
    def get(self, request: Request, job_id: str) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(DecisionSerializer(page, many=True).data)

    @extend_schema(
        summary="Make a decision that was previewed",
        parameters=[JOB_ID],
        request=ConfirmedDecisionSerializer,
        responses={201: DecisionSerializer, **_REFUSED},
    )
    def post(self, request: Request, job_id: str) -> Response:
        asked = self.checked(request)
        try:
            decision = execute.decide(self.job, signed_in(request), asked["request"], asked["token"], asked["count"])
        except (UnreadableToken, OtherCount) as fault:
            raise ValidationError({_FAULTY[type(fault)]: [str(fault)]}) from None
        except Refused as refused:
            raise Conflict(str(refused), refused.code) from None
        return Response(DecisionSerializer(decision).data, status=status.HTTP_201_CREATED)
