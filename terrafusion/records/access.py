"""Who may see and do what in which county."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from terrafusion.records.models import County, CountyAccess

Role = CountyAccess.Role
_RANK = [Role.VIEWER, Role.ANALYST, Role.MANAGER, Role.ASSESSOR]


def counties_for(user: Any, at_least: Role = Role.VIEWER) -> QuerySet[County]:
    """The counties in which ``user`` has the role or a higher one; all of them for an active superuser."""
    if not user.is_active:
        return County.objects.none()
    if user.is_superuser:
        return County.objects.all()
    roles = _RANK[_RANK.index(at_least) :]
    return County.objects.filter(access__user=user, access__role__in=roles)


def may_see_personal_data(user: Any, county_id: str) -> bool:
    if not user.is_active:
        return False
    return user.is_superuser or bool(
        CountyAccess.objects.filter(user=user, county_id=county_id, may_see_personal_data=True).exists()
    )
