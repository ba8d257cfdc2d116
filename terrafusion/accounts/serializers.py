"""Tokens over REST."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.authtoken.serializers import AuthTokenSerializer

from terrafusion.accounts.models import Token, TokenScope
from terrafusion.api.fields import NameField
from terrafusion.api.serializers import StrictSerializer


class NewTokenSerializer(StrictSerializer):
    """What a token is to be."""

    name = serializers.CharField(
        default="", allow_blank=True, max_length=100, help_text="What it is for, so that you know it again."
    )
    scope = NameField(
        TokenScope.choices, default=TokenScope.WRITE, help_text="read: GET only. write: all that you may do."
    )
    days = serializers.IntegerField(
        default=settings.TOKEN_DAYS, min_value=1, max_value=settings.TOKEN_MAX_DAYS, help_text="Until it expires."
    )


def wanted(serializer: serializers.BaseSerializer[Any]) -> dict[str, Any]:
    return {name: serializer.validated_data[name] for name in ("name", "scope", "days")}


class CredentialsSerializer(NewTokenSerializer, AuthTokenSerializer):
    username = serializers.CharField(write_only=True, max_length=150)
    password = serializers.CharField(
        write_only=True, max_length=128, trim_whitespace=False, style={"input_type": "password"}
    )


class TokenSerializer(serializers.ModelSerializer[Token]):
    id = serializers.CharField(source="token_key", help_text="How the token begins.")
    created_at = serializers.DateTimeField(source="created")
    expires = serializers.DateTimeField(source="expiry")
    used_at = serializers.DateTimeField(allow_null=True, help_text="To the hour.")

    class Meta:
        model = Token
        fields = ("id", "name", "scope", "created_at", "expires", "used_at")
        read_only_fields = fields


class MadeTokenSerializer(TokenSerializer):
    token = serializers.CharField(read_only=True, help_text="Send it as Authorization: Token ... It is shown once.")

    class Meta:
        model = Token
        fields = ("token", *TokenSerializer.Meta.fields)
        read_only_fields = fields


class RevokedSerializer(serializers.Serializer[Any]):
    revoked = serializers.IntegerField(help_text="How many tokens have ended.")
