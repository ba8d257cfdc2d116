"""Types that more than one package names."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User
    from django.http import HttpRequest
    from rest_framework.request import Request

AnyUser: TypeAlias = "User | AnonymousUser"
"""Who a request is from."""

AnyRequest: TypeAlias = "HttpRequest | Request"
"""Of a page, or of REST."""
