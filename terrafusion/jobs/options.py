"""What every kind of job takes among its ``parameters``, and the lifecycle sees to: the plugin never meets it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.http import QueryDict
from django.utils.dateparse import parse_duration
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from terrafusion.api import bodies
from terrafusion.jobs.errors import InvalidWebhookUrl
from terrafusion.jobs.webhooks import address, secrets
from terrafusion.records.models import CountySettings
from terrafusion.words import counted

_MINIMUM = timedelta(minutes=1)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SHORT = re.compile(r"([0-9]{1,9})([smhdw])")
_ISO = re.compile(r"P(?=.)([0-9]{1,6}D)?(T(?=.)([0-9]{1,9}H)?([0-9]{1,9}M)?([0-9]{1,9}S)?)?")


def duration(given: object) -> timedelta | None:
    """Of seconds, an ISO 8601 duration of days, hours, minutes and seconds, or such as ``30d``; None for all else."""
    if isinstance(given, int) and not isinstance(given, bool) and 0 <= given < 10**9:
        return timedelta(seconds=given)
    if not isinstance(given, str):
        return None
    if match := _SHORT.fullmatch(given):
        try:
            return timedelta(**{_UNITS[match[2]]: int(match[1])})
        except OverflowError:
            return None
    return parse_duration(given) if _ISO.fullmatch(given) else None


class LifetimeField(serializers.Field[Any, Any, Any, Any]):
    """A duration of at least a minute; it is kept as it was given."""

    default_error_messages = {
        "invalid": 'Give seconds, an ISO 8601 duration such as "P30D" or "PT12H", or such as "30d" or "12h".',
        "short": "Give at least one minute.",
    }

    def to_internal_value(self, data: object) -> object:
        length = duration(data)
        if length is None:
            self.fail("invalid")
        elif length < _MINIMUM:
            self.fail("short")
        return data

    def to_representation(self, value: object) -> object:
        return value


class WebhookField(serializers.CharField):
    """An address on the public internet, of a user who has a secret to sign with."""

    default_error_messages = {
        "no_secret": "Create a secret first (POST /api/v1/webhooks/secret): messages are signed with it.",
    }

    def to_internal_value(self, data: str) -> str:
        url: str = super().to_internal_value(data)
        try:
            address.parse(url)
        except InvalidWebhookUrl as fault:
            raise ValidationError(str(fault)) from None
        if not secrets.has(self.context["request"].user):
            self.fail("no_secret")
        return url


class OptionsSerializer(serializers.Serializer[Any]):
    """The options; each may be left out."""

    fresh = serializers.BooleanField(required=False)
    expires_in = LifetimeField(required=False)
    webhook = WebhookField(required=False)


NAMES = tuple(OptionsSerializer().fields)
SCHEMA: dict[str, dict[str, Any]] = {
    "fresh": {
        "type": "boolean",
        "description": "Do the work anew, though the data has not changed since an identical request.",
    },
    "expires_in": {
        "oneOf": [
            {"type": "integer", "minimum": 60, "maximum": 86_400},
            {"type": "string", "pattern": "^[1-9][0-9]?[hd]$", "examples": ["30d", "12h"]},
            {"type": "string", "pattern": "^P[1-9][0-9]?D$", "examples": ["P30D"]},
        ],
        "description": "How long the result is kept: seconds, an ISO 8601 duration, or such as 30d; at most what the "
        "county allows. Default: the county's setting.",
    },
    "webhook": {
        "type": "string",
        "format": "uri",
        "examples": ["https://example.gov/hooks/terrafusion"],
        "description": "URL that gets a signed message when the job has ended. Needs a secret: POST webhooks/secret.",
    },
}
"""The options as properties of an object's JSON schema, for a plugin whose schema lists its parameters."""


def split(body: Any) -> tuple[Any, dict[str, Any]]:
    """A request's body without the options, and the options as they were given.

    A body of another shape stays as it is: the plugin's serializer says what is wrong with it.
    """
    parameters = body.get("parameters") if isinstance(body, dict) else None  # a form's QueryDict is a dict, too
    if isinstance(parameters, str):  # from a form
        try:
            parameters = bodies.loads(parameters)
        except ValueError:
            return body, {}
    if not isinstance(parameters, dict):
        return body, {}
    own = {name: value for name, value in parameters.items() if name not in NAMES}
    options = {name: value for name, value in parameters.items() if name in NAMES}
    if isinstance(body, QueryDict):
        body = body.copy()
        body["parameters"] = json.dumps(own)
        return body, options
    return {**body, "parameters": own}, options


def for_others(options: dict[str, Any]) -> dict[str, Any]:
    """The options as others than who asked may see them: of a webhook the host only, for the rest may hold a key."""
    if not isinstance(url := options.get("webhook"), str):
        return options
    return {**options, "webhook": f"https://{urlsplit(url).netloc}/..."}


def check(serializer: serializers.BaseSerializer[Any], options: dict[str, Any]) -> None:
    """Raises ValidationError with every fault of the plugin's serializer and of the options.

    What the county allows is asked as soon as the request names a county (``county_id``) that the caller may see.
    """
    checked = OptionsSerializer(data=options, context=serializer.context)
    faults: dict[str, Any] = {}
    if not serializer.is_valid():
        faults = dict(serializer.errors)
    if not checked.is_valid():
        faults |= {f"parameters.{name}": details for name, details in checked.errors.items()}
    elif "county_id" not in faults and (beyond := _beyond(serializer.initial_data, options)):
        faults["parameters.expires_in"] = [ErrorDetail(beyond, "limit_exceeded")]
    if faults:
        raise ValidationError(faults)


def _beyond(body: Mapping[str, Any], options: dict[str, Any]) -> str:
    """What the options ask for beyond what the county of the body allows; empty where they do not."""
    asked = duration(options.get("expires_in"))
    if asked is None or asked <= (lifetime_limit := longest(body["county_id"])):
        return ""
    days = counted(lifetime_limit.days, "day")
    return f"Results of {body['county_id']} are kept for at most {days} (max_result_days)."


def longest(county_id: str) -> timedelta:
    """How long a result of the county may be kept."""
    return timedelta(days=CountySettings.of(county_id).max_result_days)
