"""What it takes to read a result, and the one place that asks whether somebody has it.

Each job carries its needs, set when it is submitted and again when its result is made. Whatever serves the result, its
files, its message, its request or its row asks ``refusal``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rest_framework.exceptions import PermissionDenied

from terrafusion.jobs.errors import ReadRefused
from terrafusion.records.access import Rights, Role, highest, rights_of
from terrafusion.types import AnyUser

if TYPE_CHECKING:
    from terrafusion.jobs.models.guarded import Guarded

PERSONAL = "personal_data"


@dataclass(frozen=True)
class Needs:
    """``counties``: those beside the job's own whose records the result shows. ``role``: the lowest that may read it in
    the job's county. ``personal``: it takes the right to personal data."""

    counties: frozenset[str] = frozenset()
    role: Role = Role.VIEWER
    personal: bool = False

    def __or__(self, other: Needs) -> Needs:
        return Needs(self.counties | other.counties, highest(self.role, other.role), self.personal or other.personal)

    def columns(self) -> dict[str, Any]:
        """As a job keeps them."""
        return {
            "read_counties": sorted(self.counties),
            "read_role": self.role.value,
            "contains_personal_data": self.personal,
        }


def set_needs(thing: Guarded, needs: Needs) -> None:
    """On an unsaved job or schedule."""
    for name, value in needs.columns().items():
        setattr(thing, name, value)


def refusal(thing: Guarded, user: AnyUser | Rights | None) -> ReadRefused | None:
    """Why the user, or who has these ``Rights``, may not read the result of a job, or what a schedule asks for; None
    where they may."""
    rights = user if isinstance(user, Rights) else rights_of(user)
    needs = thing.needs()
    if not rights.has(thing.county_id, Role.VIEWER) or not all(rights.has(one, Role.VIEWER) for one in needs.counties):
        return ReadRefused("The result shows a county to which you have no rights.", "county_refused")
    if not rights.has(thing.county_id, needs.role):
        return ReadRefused(f"Requires the {needs.role.value} role in {thing.county_id}.", "role_required")
    if needs.personal and not all(rights.sees_personal(one) for one in (thing.county_id, *needs.counties)):
        return ReadRefused("The result holds personal data, to which you have no right.", PERSONAL)
    return None


def check_readable(thing: Guarded, user: AnyUser) -> None:
    """Raises PermissionDenied where ``refusal`` says so."""
    if refused := refusal(thing, user):
        raise PermissionDenied(str(refused), refused.code)


def check_may_rerun(job: Guarded, user: AnyUser) -> None:
    """Raises PermissionDenied where the user may not know what the job asks for. Personal data is no reason: a rerun
    has the rights of who asks for it, and withholds or refuses by those."""
    refused = refusal(job, user)
    if refused is not None and refused.code != PERSONAL:
        raise PermissionDenied(str(refused), refused.code)


def role_to_act(owner_id: int | None, user: AnyUser) -> Role:
    """That a user needs in the county to cancel, rerun or change what belongs to ``owner_id``: an analyst's for their
    own, a manager's for anybody's."""
    return Role.ANALYST if owner_id == user.pk else Role.MANAGER
