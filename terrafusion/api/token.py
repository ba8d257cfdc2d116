"""POST username and password, get the token that goes into ``Authorization: Token ...``."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.authtoken.models import Token
from rest_framework.authtoken.serializers import AuthTokenSerializer
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from terrafusion.api.serializers import KnownKeys
from terrafusion.api.throttles import LoginThrottle
from terrafusion.api.views import KnownParameters


class CredentialsSerializer(KnownKeys, AuthTokenSerializer):
    username = serializers.CharField(write_only=True, max_length=150)
    password = serializers.CharField(
        write_only=True, max_length=128, trim_whitespace=False, style={"input_type": "password"}
    )


class TokenSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(read_only=True, help_text="Send it as Authorization: Token ...")


class ObtainToken(KnownParameters, GenericAPIView[Any]):
    """Exchange a username and password for a token. The same user always gets the same token."""

    name = "Token"
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (LoginThrottle,)
    filter_backends = ()
    serializer_class = CredentialsSerializer

    @extend_schema(operation_id="obtain_token", request=CredentialsSerializer, responses=TokenSerializer, auth=[])
    def post(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        token, _ = Token.objects.get_or_create(user=serializer.validated_data["user"])
        return Response({"token": token.key})
