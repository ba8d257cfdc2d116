"""Who may see and do what in which county."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.models import QuerySet
from rest_framework.exceptions import PermissionDenied

from terrafusion.kept import Kept
from terrafusion.records.models import County, CountyAccess
from terrafusion.types import AnyUser

Role = CountyAccess.Role
_RANK = [Role.VIEWER, Role.ANALYST, Role.MANAGER, Role.ASSESSOR]
_grants = Kept(
    lambda user_id: (
        CountyAccess.objects.filter(user=user_id).only("county_id", "role", "may_see_personal_data").order_by()
    ),
    like=0,
)


def counties_for(user: AnyUser, at_least: Role = Role.VIEWER) -> QuerySet[County]:
    """The counties in which ``user`` has the role or a higher one; all of them for an active superuser."""
    if not user.is_active:
        return County.objects.none()
    if user.is_superuser:
        return County.objects.all()
    roles = _RANK[_RANK.index(at_least) :]
    return County.objects.filter(access__user=user, access__role__in=roles)


@dataclass(frozen=True)
class Rights:
    """All that a user may, read once: roles and the right to personal data by county; ``everything`` for an active
    superuser."""

    roles: Mapping[str, str] = field(default_factory=dict)
    personal: frozenset[str] = frozenset()
    everything: bool = False

    def has(self, county_id: str, role: Role) -> bool:
        """The role, or a higher one, in the county."""
        own = self.roles.get(county_id)
        return self.everything or (own is not None and _RANK.index(Role(own)) >= _RANK.index(role))

    def counties(self) -> list[str] | None:
        """The ids of the counties of which the user may see anything; None for all that there are."""
        return None if self.everything else sorted(self.roles)

    def sees_personal(self, county_id: str) -> bool:
        return self.everything or county_id in self.personal


def rights_of(user: AnyUser | None) -> Rights:
    """Of a user as things are now; none for nobody, and for an account that is put out."""
    if user is None or not user.is_active:
        return Rights()
    if user.is_superuser:
        return Rights(everything=True)
    rows = _grants.list(user.pk)
    personal = frozenset(grant.county_id for grant in rows if grant.may_see_personal_data)
    return Rights({grant.county_id: grant.role for grant in rows}, personal)


def highest(*roles: Role) -> Role:
    return max(roles, key=_RANK.index)


def may_see_personal_data(user: AnyUser, county_id: str) -> bool:
    if not user.is_active:
        return False
    return user.is_superuser or bool(
        CountyAccess.objects.filter(user=user, county_id=county_id, may_see_personal_data=True).exists()
    )


def require(user: AnyUser, role: Role, county_id: str) -> None:
    """Raises PermissionDenied for a user without the role, or a higher one, in the county."""
    if not counties_for(user, at_least=role).filter(pk=county_id).exists():
        raise PermissionDenied(f"Requires the {role.value} role in {county_id}.")
