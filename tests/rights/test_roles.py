"""What the roles of a user in each county give, however they are asked for."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.exceptions import PermissionDenied

from terrafusion.records.access import Rights, counties_for, highest, may_see_personal_data, require, rights_of
from terrafusion.records.models import County, CountyAccess
from tests.conftest import MakeUser

Role = CountyAccess.Role
RISING = [Role.VIEWER, Role.ANALYST, Role.MANAGER, Role.ASSESSOR]
ALL = ["COUNTY01", "COUNTY02"]


def counties_of(user: Any, role: Role) -> list[str]:
    """By each way to ask, which must agree."""
    rights = rights_of(user)
    counties = sorted(county.pk for county in counties_for(user, role))
    assert counties == [one for one in ALL if rights.has(one, role)]
    for one in ALL:
        if one in counties:
            require(user, role, one)
        else:
            with pytest.raises(PermissionDenied) as denied:
                require(user, role, one)
            assert str(denied.value) == f"Requires the {role.value} role in {one}."
    return counties


@pytest.mark.parametrize("role", RISING)
def test_a_role_gives_what_lower_ones_give(
    county: County, other_county: County, make_user: MakeUser, role: Role
) -> None:
    make_user("other", Role.ASSESSOR, county, other_county, may_see_personal_data=True)
    user = make_user("ann", role, county)
    for at_least in RISING:
        expected = ["COUNTY01"] if RISING.index(at_least) <= RISING.index(role) else []
        assert counties_of(user, at_least) == expected
    assert [one.pk for one in counties_for(user)] == ["COUNTY01"]
    rights = rights_of(user)
    assert (rights.counties(), rights.personal, rights.everything) == (["COUNTY01"], frozenset(), False)


def test_a_superuser_may_do_everything(county: County, other_county: County, make_user: MakeUser) -> None:
    user = make_user("root")
    assert counties_of(user, Role.VIEWER) == []
    user.is_superuser = True
    assert counties_of(user, Role.ASSESSOR) == ALL
    assert rights_of(user) == Rights(everything=True)
    assert rights_of(user).counties() is None
    assert rights_of(user).sees_personal("COUNTY02")
    assert may_see_personal_data(user, "COUNTY02")


@pytest.mark.parametrize("superuser", [False, True])
def test_who_is_put_out_may_do_nothing(
    county: County, other_county: County, make_user: MakeUser, superuser: bool
) -> None:
    user = make_user("ann", Role.ASSESSOR, county, may_see_personal_data=True)
    user.is_active, user.is_superuser = False, superuser
    assert counties_of(user, Role.VIEWER) == []
    assert rights_of(user) == rights_of(None) == Rights()
    assert not may_see_personal_data(user, "COUNTY01")


def test_the_right_to_personal_data_is_of_one_county(county: County, other_county: County, make_user: MakeUser) -> None:
    make_user("another", Role.VIEWER, county, other_county, may_see_personal_data=True)
    user = make_user("one", Role.VIEWER, county, may_see_personal_data=True)
    CountyAccess.objects.create(user=user, county=other_county, role=Role.ASSESSOR)
    rights = rights_of(user)
    seen = [may_see_personal_data(user, one) for one in (*ALL, "COUNTY03")]
    assert seen == [rights.sees_personal(one) for one in (*ALL, "COUNTY03")]
    assert seen == [True, False, False]
    assert rights == Rights({"COUNTY01": "viewer", "COUNTY02": "assessor"}, frozenset({"COUNTY01"}))
    assert rights.counties() == ALL


def test_the_highest_of_roles() -> None:
    assert highest(Role.VIEWER, Role.ASSESSOR, Role.MANAGER) == Role.ASSESSOR
    assert highest(Role.ANALYST, Role.VIEWER) == Role.ANALYST
