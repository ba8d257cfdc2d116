"""``manage.py add_user``."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from terrafusion.records.models import County, CountyAccess

pytestmark = pytest.mark.django_db


def test_it_makes_a_user_who_can_sign_in_and_changes_the_role_of_one(county: County, tmp_path: Path) -> None:
    file = tmp_path / "password"
    call_command("add_user", "ann", "--county", county.pk, "--role", "analyst", "--password-file", str(file))
    user = get_user_model().objects.get(username="ann")
    password = file.read_text().strip()
    assert user.check_password(password)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    call_command("add_user", "ann", "--county", county.pk, "--role", "viewer")
    user.refresh_from_db()
    assert user.check_password(password)  # nothing but the role was asked for
    access = CountyAccess.objects.get(user=user)
    assert (access.county, access.role, access.may_see_personal_data) == (county, "viewer", False)


def test_an_unknown_county_changes_nothing(county: County) -> None:
    with pytest.raises(CommandError, match=r"There is no county NOWHERE\. Counties: COUNTY01\."):
        call_command("add_user", "ann", "--county", "NOWHERE")
    assert not get_user_model().objects.exists()
