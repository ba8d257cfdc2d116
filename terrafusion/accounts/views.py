"""Your tokens over REST."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from terrafusion.accounts import events, tokens
from terrafusion.accounts.doors import AccountThrottle
from terrafusion.accounts.models import EventKind, Token
from terrafusion.accounts.serializers import (
    CredentialsSerializer,
    MadeTokenSerializer,
    NewTokenSerializer,
    RevokedSerializer,
    TokenSerializer,
    wanted,
)
from terrafusion.api.schema import ProblemSerializer
from terrafusion.api.throttles import LoginThrottle
from terrafusion.api.views import KnownParameters, signed_in


def _made(request: Request, user: User, details: dict[str, Any]) -> dict[str, Any]:
    row, text = tokens.make(user, **details)
    events.record(EventKind.TOKEN_MADE, request, user.get_username(), str(row))
    return {"token": text, **TokenSerializer(row).data}


def _has_second_factor(user: User) -> bool:
    """A password alone must not go around it."""
    if not settings.SECOND_FACTOR:
        return False
    from allauth.mfa.utils import is_mfa_enabled

    return bool(is_mfa_enabled(user))


class ObtainToken(KnownParameters, GenericAPIView[Any]):
    """Exchange a username and password for a token: a new one each time, which expires. It is shown this once."""

    name = "Token"
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (LoginThrottle, AccountThrottle)
    filter_backends = ()
    serializer_class = CredentialsSerializer

    @extend_schema(operation_id="obtain_token", request=CredentialsSerializer, responses=MadeTokenSerializer, auth=[])
    def post(self, request: Request) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        if _has_second_factor(serializer.validated_data["user"]):
            raise PermissionDenied("This account has a second factor: sign in, and make a token at /api/v1/tokens.")
        return Response(_made(request, serializer.validated_data["user"], wanted(serializer)))


class TokensView(KnownParameters, GenericAPIView[Any]):
    """Your tokens."""

    name = "Tokens"
    filter_backends = ()
    pagination_class = None
    serializer_class = NewTokenSerializer

    @extend_schema(operation_id="list_tokens", responses=TokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Those that are good for something, the newest first. The tokens themselves are not kept."""
        return Response(TokenSerializer(tokens.live(signed_in(request)), many=True).data)

    @extend_schema(operation_id="make_token", responses={201: MadeTokenSerializer})
    def post(self, request: Request) -> Response:
        """Make one; it is shown this once. Takes a session: with a token, nobody makes another, so that what leaked
        ends when it is revoked. Programs post username and password to /api/v1/token."""
        if isinstance(request.auth, Token):
            raise PermissionDenied("A token makes no tokens. Sign in, or post username and password to /api/v1/token.")
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(_made(request, signed_in(request), wanted(serializer)), status=status.HTTP_201_CREATED)

    @extend_schema(operation_id="revoke_tokens", responses={200: RevokedSerializer})
    def delete(self, request: Request) -> Response:
        """Revoke all that you have, that of this request too."""
        return Response({"revoked": tokens.revoke(tokens.live(signed_in(request)), request)})


class TokenView(KnownParameters, APIView):
    """One of your tokens."""

    name = "Token"

    @extend_schema(operation_id="read_token", responses={200: TokenSerializer, 404: ProblemSerializer})
    def get(self, request: Request, token_id: str) -> Response:
        return Response(TokenSerializer(self._of(request, token_id)).data)

    @extend_schema(operation_id="revoke_token", responses={204: None, 404: ProblemSerializer})
    def delete(self, request: Request, token_id: str) -> Response:
        """Revoke it, at once."""
        tokens.revoke([self._of(request, token_id)], request)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _of(self, request: Request, token_id: str) -> Token:
        token = tokens.live(signed_in(request)).filter(token_key=token_id).first()
        if token is None:
            raise NotFound("You have no such token.")
        return token
