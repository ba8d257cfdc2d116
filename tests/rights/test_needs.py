"""What it takes to read a result, and who has it."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.exceptions import PermissionDenied

from terrafusion.jobs.rights import (
    Needs,
    check_may_rerun,
    check_readable,
    refusal,
    role_to_act,
    set_needs,
)
from terrafusion.records.access import Rights, rights_of
from terrafusion.records.models import County, CountyAccess
from tests.conftest import MakeUser
from tests.dummy_plugin.models import DummyJob

Role = CountyAccess.Role
BOTH = frozenset({"COUNTY02"})
COUNTY_REFUSED = ("county_refused", "The result shows a county to which you have no rights.")
MANAGER_REQUIRED = ("role_required", "Requires the manager role in COUNTY01.")
PERSONAL_REFUSED = ("personal_data", "The result holds personal data, to which you have no right.")


def needing(needs: Needs) -> DummyJob:
    job = DummyJob(county_id="COUNTY01")
    set_needs(job, needs)
    assert job.needs() == needs
    return job


@pytest.mark.parametrize(
    ("needs", "access", "expected"),
    [
        (Needs(), {}, None),
        (Needs(role=Role.MANAGER), {"role": Role.ANALYST}, MANAGER_REQUIRED),
        (Needs(role=Role.MANAGER), {"role": Role.MANAGER}, None),
        (Needs(role=Role.MANAGER), {"role": Role.ASSESSOR}, None),
        (Needs(personal=True), {"role": Role.ASSESSOR}, PERSONAL_REFUSED),
        (Needs(personal=True), {"may_see_personal_data": True}, None),
        (Needs(counties=BOTH), {"role": Role.ASSESSOR, "may_see_personal_data": True}, COUNTY_REFUSED),
    ],
)
def test_what_a_result_needs(
    county: County,
    other_county: County,
    make_user: MakeUser,
    needs: Needs,
    access: dict[str, Any],
    expected: tuple[str, str] | None,
) -> None:
    user = make_user("reader", access.pop("role", Role.VIEWER), county, **access)
    job = needing(needs)
    for who in (user, rights_of(user)):
        refused = refusal(job, who)
        assert (refused and (refused.code, str(refused))) == expected
    if expected is None:
        check_readable(job, user)
    else:
        with pytest.raises(PermissionDenied) as denied:
            check_readable(job, user)
        assert (denied.value.get_codes(), str(denied.value)) == expected
    user.is_active = False
    assert refusal(job, user)
    assert refusal(job, None)


VIEWERS = {"COUNTY01": "viewer", "COUNTY02": "viewer"}


@pytest.mark.parametrize(
    ("needs", "rights", "expected"),
    [
        (Needs(BOTH), Rights(VIEWERS), None),
        (Needs(BOTH), Rights({"COUNTY02": "assessor"}), COUNTY_REFUSED),
        (Needs(), Rights({"COUNTY02": "assessor"}), COUNTY_REFUSED),
        (Needs(BOTH, Role.MANAGER), Rights({**VIEWERS, "COUNTY01": "manager"}), None),
        (Needs(BOTH, Role.MANAGER), Rights({**VIEWERS, "COUNTY02": "manager"}), MANAGER_REQUIRED),
        (Needs(BOTH, personal=True), Rights(VIEWERS, frozenset({"COUNTY01", "COUNTY02"})), None),
        (Needs(BOTH, personal=True), Rights(VIEWERS, frozenset({"COUNTY01"})), PERSONAL_REFUSED),
        (Needs(BOTH, personal=True), Rights(VIEWERS, frozenset({"COUNTY02"})), PERSONAL_REFUSED),
        (Needs(BOTH), Rights(VIEWERS, frozenset()), None),
        (Needs(BOTH, Role.ASSESSOR, personal=True), Rights(everything=True), None),
    ],
)
def test_a_result_of_two_counties(needs: Needs, rights: Rights, expected: tuple[str, str] | None) -> None:
    """Its role is asked for in the job's county, its personal data in both."""
    refused = refusal(needing(needs), rights)
    assert (refused and (refused.code, str(refused))) == expected


@pytest.mark.parametrize(
    ("needs", "expected"),
    [
        (Needs(), None),
        (Needs(personal=True), None),  # which a rerun withholds
        (Needs(role=Role.MANAGER), MANAGER_REQUIRED),
        (Needs(counties=BOTH), COUNTY_REFUSED),
    ],
)
def test_who_may_run_it_again(
    county: County, make_user: MakeUser, needs: Needs, expected: tuple[str, str] | None
) -> None:
    job, user = needing(needs), make_user("ann", Role.ANALYST, county)
    if expected is None:
        check_may_rerun(job, user)
        return
    with pytest.raises(PermissionDenied) as denied:
        check_may_rerun(job, user)
    assert (denied.value.get_codes(), str(denied.value)) == expected


def test_needs_add_up() -> None:
    one = Needs(frozenset({"A"}), Role.MANAGER)
    both = Needs(frozenset({"A", "B"}), Role.MANAGER, True)
    assert one | Needs(frozenset({"B"}), Role.VIEWER, True) == both
    assert Needs(frozenset({"B"}), Role.VIEWER, True) | one == both
    assert one | one == one
    assert both.columns() == {"read_counties": ["A", "B"], "read_role": "manager", "contains_personal_data": True}


def test_to_act_on_what_is_of_others_takes_a_manager(make_user: MakeUser) -> None:
    user = make_user("ann")
    assert role_to_act(user.pk, user) == Role.ANALYST
    assert role_to_act(user.pk + 1, user) == Role.MANAGER
    assert role_to_act(None, user) == Role.MANAGER
