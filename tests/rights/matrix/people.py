"""The kinds of user that a county's data is asked for by."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from terrafusion.records.models import County
from tests.conftest import MakeUser

ROLES = ("viewer", "analyst", "manager", "assessor")
SEES_OWN = {"both", "staff", "superuser", *ROLES, *(f"{role} with personal data" for role in ROLES)}
"""Those who may see the first county."""
SEES_OTHER = {"both", "other manager", "superuser"}
PERSONAL_OWN = {"superuser", *(f"{role} with personal data" for role in ROLES)}
PERSONAL_OTHER = {"superuser"}


def people(make: MakeUser, own: County, other: County) -> dict[str, Any]:
    """By name; None is nobody."""
    users: dict[str, Any] = {
        "nobody": None,
        "stranger": make("stranger"),
        "inactive": make("inactive", "manager", own),
    }
    users["inactive"].is_active = False
    for role in ROLES:
        users[role] = make(role, role, own)
    for role in ROLES:
        name = f"{role} with personal data"
        users[name] = make(name, role, own, may_see_personal_data=True)
    users["other manager"] = make("other manager", "manager", other)
    users["both"] = make("both", "viewer", own, other)
    users["staff"] = make("staff", "viewer", own)
    users["staff"].is_staff = True
    users["superuser"] = make("superuser")
    users["superuser"].is_staff = users["superuser"].is_superuser = True
    for name in ("inactive", "staff", "superuser"):
        users[name].save()
    users["staff"].user_permissions.set(Permission.objects.all())
    assert len(users) == 15
    return users


def client_of(user: Any) -> APIClient:
    """As a browser signs in, so that the admin knows the user, too; someone who is not active cannot."""
    client = APIClient(raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    return client
