"""The addresses of runs, their values, and the trained models."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from terrafusion.api.errors import Conflict, Gone
from terrafusion.api.pagination import CursorPagination
from terrafusion.api.schema import ProblemSerializer
from terrafusion.api.views import KnownParameters
from terrafusion.jobs.api.viewsets import JobViewSet
from terrafusion.jobs.rights import check_readable
from terrafusion.records.access import counties_for
from valuation import sheet, values
from valuation.api.models import ModelCardSerializer, ModelFilterSet, ModelSerializer
from valuation.api.run import ValuationResultSerializer, ValuationRunSerializer, ValuationStatusSerializer
from valuation.api.sheet import SheetSerializer
from valuation.api.values import ProposedValueSerializer, ValueFilterSet
from valuation.model_card import markdown
from valuation.models import PropertyValuation, ValuationJob, ValuationModel

_COUNTY = OpenApiParameter("county_id", str, description="The county's id.", required=True)
JOB_ID = OpenApiParameter("job_id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="The job.")
_MODEL_ID = OpenApiParameter("model_id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="The model.")
_WHICH = OpenApiParameter(
    "which", str, enum=["latest", "certified"], description="The newest value (the default), or the certified one."
)
_HEAVY = ("approaches", "comparables", "reasons")


class ValuationViewSet(JobViewSet):
    """Valuation jobs."""

    model = ValuationJob
    run_serializer_class = ValuationRunSerializer
    serializer_class = ValuationStatusSerializer
    result_serializer_class = ValuationResultSerializer

    def get_valuation(self) -> ValuationJob:
        job = self.get_job(self.kwargs["job_id"])
        check_readable(job, self.request.user)
        assert isinstance(job, ValuationJob)  # noqa: S101 - for the type checker
        return job


class OfJob(KnownParameters, GenericAPIView[Any]):
    """Something of one run; to who has no right to it the run is not there."""

    @property
    def job(self) -> ValuationJob:
        if not hasattr(self, "_job"):
            jobs = ValuationViewSet(request=self.request, kwargs=self.kwargs)
            self._job = jobs.get_valuation()
        return self._job

    def values(self) -> QuerySet[PropertyValuation]:
        """The run's values; ``Conflict`` where it has none yet, ``Gone`` where they were removed for their age."""
        if self.job.status not in values.DONE:
            raise Conflict(f"The run is {self.job.status.lower()}: it has no values.", "no_values")
        if removed := self.job.values_removed_at:
            raise Gone(
                f"The run's values were removed on {removed:%Y-%m-%d}, as nobody had decided about "
                "any; rerun the job to get them again.",
                "values_removed",
            )
        return values.of_job(self.job)


class ValuesView(OfJob):
    """The values of a run, parcel by parcel, in the order in which they were made."""

    serializer_class = ProposedValueSerializer
    pagination_class = CursorPagination
    list_actions = ("get",)
    filterset_class = ValueFilterSet
    queryset = PropertyValuation.objects.all()

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return PropertyValuation.objects.none()
        return self.values().defer(*_HEAVY)

    @extend_schema(
        summary="Values of a run",
        parameters=[JOB_ID],
        responses={
            200: ProposedValueSerializer(many=True),
            404: ProblemSerializer,
            409: ProblemSerializer,
            410: ProblemSerializer,
        },
    )
    def get(self, request: Request, job_id: str) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        context = {**self.get_serializer_context(), "job_id": job_id}
        return self.get_paginated_response(ProposedValueSerializer(page, many=True, context=context).data)


class JobSheetView(OfJob):
    """All that a run says about one parcel."""

    serializer_class = SheetSerializer

    @extend_schema(
        summary="A parcel's sheet of a run",
        parameters=[JOB_ID],
        responses={
            200: SheetSerializer,
            400: ProblemSerializer,
            404: ProblemSerializer,
            409: ProblemSerializer,
            410: ProblemSerializer,
        },
    )
    def get(self, request: Request, job_id: str, parcel: str) -> Response:
        value = self.values().filter(parcel_number=_clean(parcel)).first()
        if value is None:
            raise NotFound("The run has no such parcel.")
        return Response(SheetSerializer(sheet.sheet(value)).data)


class ParcelValuationView(KnownParameters, APIView):
    """A parcel's sheet: of its newest value, or of the certified one."""

    query_parameters: ClassVar[Mapping[str, Collection[str]]] = {"get": ("county_id", "which")}

    @extend_schema(
        summary="A parcel's value",
        parameters=[_COUNTY, _WHICH],
        responses={200: SheetSerializer, 400: ProblemSerializer, 404: ProblemSerializer},
    )
    def get(self, request: Request, parcel: str) -> Response:
        faults = {}
        county_id = request.query_params.get("county_id", "")
        which = request.query_params.get("which", "latest")
        if not county_id:
            faults["county_id"] = ["Name the county: a parcel number is its own."]
        if which not in ("latest", "certified"):
            faults["which"] = ["Say latest or certified."]
        if faults:
            raise ValidationError(faults)
        county = get_object_or_404(counties_for(request.user), pk=_clean(county_id))
        find = values.latest if which == "latest" else values.latest_certified
        value = find(county, _clean(parcel))
        if value is None:
            kind = "certified value" if which == "certified" else "value yet"
            raise NotFound(f"The parcel has no {kind}, or is not on the roll.")
        return Response(SheetSerializer(sheet.sheet(value)).data)


class ModelsView(KnownParameters, GenericAPIView[ValuationModel]):
    """Trained models of your counties, the newest first."""

    serializer_class = ModelSerializer
    filterset_class = ModelFilterSet
    pagination_class = CursorPagination
    list_actions = ("get",)
    ordering = ("-created_at", "-id")
    queryset = ValuationModel.objects.all()

    def get_queryset(self) -> QuerySet[ValuationModel]:
        if getattr(self, "swagger_fake_view", False):
            return ValuationModel.objects.none()
        return visible_models(self.request).defer("artefact", "features")

    @extend_schema(summary="Trained models", responses=ModelSerializer(many=True))
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class ModelView(KnownParameters, GenericAPIView[ValuationModel]):
    """A trained model and what it looks at."""

    serializer_class = ModelCardSerializer
    queryset = ValuationModel.objects.all()

    @extend_schema(
        summary="A trained model",
        parameters=[_MODEL_ID],
        responses={200: ModelCardSerializer, 400: ProblemSerializer, 404: ProblemSerializer},
    )
    def get(self, request: Request, model_id: str) -> Response:
        model = _model(request, model_id)
        return Response(self.get_serializer(model).data)


class ModelCardView(KnownParameters, APIView):
    """A model's card, as a page to print or keep."""

    @extend_schema(
        summary="A model's card",
        parameters=[_MODEL_ID],
        responses={(200, "text/markdown"): OpenApiTypes.STR, 400: ProblemSerializer, 404: ProblemSerializer},
    )
    def get(self, request: Request, model_id: str) -> HttpResponse:
        model = _model(request, model_id)
        return HttpResponse(markdown(model), content_type="text/markdown; charset=utf-8")


def visible_models(request: Request) -> QuerySet[ValuationModel]:
    return ValuationModel.objects.filter(county__in=counties_for(request.user))


def _model(request: Request, model_id: str) -> ValuationModel:
    try:
        wanted = uuid.UUID(model_id)
    except ValueError:
        raise ValidationError({"model_id": "This is not a model's id: give a UUID."}, code="invalid") from None
    model: ValuationModel = get_object_or_404(visible_models(request).defer("artefact"), pk=wanted)
    return model


def _clean(text: str) -> str:
    if "\x00" in text:
        raise NotFound("There is nothing of that name.")
    return text
