"""The REST interface of webhooks: your secret, and what was delivered."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from terrafusion.api.pagination import CursorPagination
from terrafusion.api.schema import ProblemSerializer
from terrafusion.api.serializers import NothingSerializer
from terrafusion.api.views import KnownParameters, signed_in
from terrafusion.jobs.models import DeliveryStatus, WebhookDelivery, WebhookSecret
from terrafusion.jobs.webhooks import outbox, secrets
from terrafusion.jobs.webhooks.serializers import DeliverySerializer, NewSecretSerializer, SecretSerializer
from terrafusion.records.access import Role, counties_for

_ID = OpenApiParameter("delivery_id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="The delivery.")
_MISSING = {400: ProblemSerializer, 404: ProblemSerializer}


class SecretView(KnownParameters, APIView):
    """The secret that signs the messages to your webhooks, by the Standard Webhooks scheme."""

    name = "Webhook secret"

    @extend_schema(responses=SecretSerializer)
    def get(self, request: Request) -> Response:
        """When it was made; null where you have none, and POST makes one."""
        secret = self._secret(request)
        return Response(SecretSerializer(secret).data if secret else {"created_at": None, "previous_until": None})

    @extend_schema(request=None, responses={201: NewSecretSerializer})
    def post(self, request: Request) -> Response:
        """Make one, or a new one. It is shown now and never again; the one before signs along for a day."""
        made, text = secrets.make(signed_in(request))
        shown = {**SecretSerializer(made).data, "secret": text}
        return Response(shown, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """Have none any more: messages that wait are given up, and no job may ask for a webhook."""
        if secret := self._secret(request):
            secret.delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _secret(self, request: Request) -> WebhookSecret | None:
        return WebhookSecret.objects.filter(user=request.user.pk).first()


class DeliveryFilterSet(filters.FilterSet):
    county_id = filters.CharFilter(field_name="county_id", help_text="Messages of this county.")
    job_id = filters.UUIDFilter(field_name="job_id", help_text="Messages of this job.")
    status = filters.MultipleChoiceFilter(choices=DeliveryStatus.choices, help_text="May be given more than once.")

    class Meta:
        model = WebhookDelivery
        fields: list[str] = []


class DeliveryViewSet(KnownParameters, GenericViewSet[WebhookDelivery]):
    """Messages to webhooks: your own, and in counties that you manage everybody's."""

    queryset = WebhookDelivery.objects.all()
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilterSet
    pagination_class = CursorPagination
    ordering = ("-created_at", "-delivery_id")
    name = "Webhook deliveries"

    def get_queryset(self) -> QuerySet[WebhookDelivery]:
        user = self.request.user
        mine = Q(owner=user.pk, county__in=counties_for(user))
        return super().get_queryset().filter(mine | Q(county__in=counties_for(user, at_least=Role.MANAGER)))

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return NothingSerializer if self.action == "send" else DeliverySerializer

    @extend_schema(responses=DeliverySerializer(many=True))
    def list(self, request: Request) -> Response:
        """The messages of the last weeks, newest first."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(responses={200: DeliverySerializer, **_MISSING}, parameters=[_ID])
    def retrieve(self, request: Request, delivery_id: str) -> Response:
        """A message, and what became of it."""
        return Response(self.get_serializer(self._get(delivery_id)).data)

    @extend_schema(request=None, responses={202: DeliverySerializer, **_MISSING}, parameters=[_ID])
    def send(self, request: Request, delivery_id: str) -> Response:
        """Send it now, again if need be."""
        outbox.send_again(self._get(delivery_id))
        shown = DeliverySerializer(self._get(delivery_id), context=self.get_serializer_context())
        return Response(shown.data, status=status.HTTP_202_ACCEPTED)

    def _get(self, delivery_id: str) -> WebhookDelivery:
        try:
            parsed = uuid.UUID(delivery_id)
        except ValueError:
            raise ValidationError(
                {"delivery_id": "This is no id of a delivery: give a UUID."}, code="invalid"
            ) from None
        delivery = self.get_queryset().filter(pk=parsed).first()
        if delivery is None:
            raise NotFound("Delivery not found.", code="delivery_not_found")
        return delivery
