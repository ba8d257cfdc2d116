"""``manage.py add_user``: it changes what its command line names, and nothing else."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from terrafusion.records.models import County, CountyAccess
from tests.conftest import MakeUser, Role

pytestmark = pytest.mark.django_db


def add_user(*arguments: str) -> str:
    """What it prints."""
    out = io.StringIO()
    call_command("add_user", *arguments, stdout=out)
    return out.getvalue()


def access_of(name: str) -> CountyAccess:
    return CountyAccess.objects.get(user__username=name)


def test_it_makes_a_user_who_can_sign_in(county: County, tmp_path: Path) -> None:
    file = tmp_path / "password"
    said = add_user("ann", "--county", county.pk, "--role", "analyst", "--password-file", str(file))
    user = get_user_model().objects.get(username="ann")
    assert user.check_password(file.read_text().strip())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert said.splitlines() == [
        "Made the user ann.",
        f"Set a new password, which is in {file}.",
        "COUNTY01: analyst, does not see personal data.",
    ]
    assert file.read_text().strip() not in said


def test_a_new_right_is_the_least(county: County) -> None:
    assert "COUNTY01: viewer, does not see personal data." in add_user("ann", "--county", county.pk)
    assert not get_user_model().objects.get(username="ann").has_usable_password()


@pytest.mark.parametrize("counties", [[], ["--county", "COUNTY01"]])
def test_a_new_password_changes_no_right(
    make_user: MakeUser, county: County, tmp_path: Path, counties: list[str]
) -> None:
    user = make_user("ann", Role.ASSESSOR, county, may_see_personal_data=True, max_records=7)
    before = CountyAccess.objects.filter(user=user).values().get()
    said = add_user("ann", *counties, "--password-file", str(tmp_path / "password"))
    user.refresh_from_db()
    assert user.check_password((tmp_path / "password").read_text().strip())
    assert CountyAccess.objects.filter(user=user).values().get() == before
    if counties:
        assert "COUNTY01: assessor, sees personal data, as before." in said


def test_a_new_role_changes_neither_the_password_nor_personal_data(make_user: MakeUser, county: County) -> None:
    user = make_user("ann", Role.ANALYST, county, may_see_personal_data=True, max_records=7)
    said = add_user("ann", "--county", county.pk, "--role", "manager")
    assert "COUNTY01: manager, sees personal data (before: analyst, sees personal data)." in said
    user.refresh_from_db()
    assert user.check_password("secret-of-tests")
    access = access_of("ann")
    assert (access.role, access.may_see_personal_data, access.max_records) == ("manager", True, 7)


def test_personal_data_is_given_and_taken_by_name_only(make_user: MakeUser, county: County) -> None:
    make_user("ann", Role.ASSESSOR, county)
    add_user("ann", "--county", county.pk, "--personal-data")
    assert (access_of("ann").role, access_of("ann").may_see_personal_data) == ("assessor", True)
    add_user("ann", "--county", county.pk, "--no-personal-data")
    assert (access_of("ann").role, access_of("ann").may_see_personal_data) == ("assessor", False)


def test_other_counties_are_left_alone(make_user: MakeUser, county: County, other_county: County) -> None:
    user = make_user("ann", Role.MANAGER, county, other_county)
    add_user("ann", "--county", county.pk, "--role", "viewer")
    assert CountyAccess.objects.get(user=user, county=other_county).role == "manager"


@pytest.mark.parametrize("link", [False, True])
def test_a_file_that_is_there_keeps_its_contents_and_nothing_is_done(
    make_user: MakeUser, county: County, tmp_path: Path, link: bool
) -> None:
    user = make_user("ann", Role.ASSESSOR, county)
    kept = tmp_path / "kept"
    kept.write_text("years of work")
    named = tmp_path / "link" if link else kept
    if link:
        named.symlink_to(kept)
    with pytest.raises(CommandError, match=r"exists and is not overwritten: name a new file\."):
        add_user("ann", "--county", county.pk, "--role", "viewer", "--password-file", str(named))
    assert kept.read_text() == "years of work"
    user.refresh_from_db()
    assert user.check_password("secret-of-tests")
    assert access_of("ann").role == "assessor"


def test_a_file_that_cannot_be_written_is_said_in_one_line(county: County, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"cannot be written: No such file or directory\."):
        add_user("ann", "--password-file", str(tmp_path / "no" / "password"))
    assert not get_user_model().objects.exists()


def test_a_failure_leaves_no_password_file(county: County, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CountyAccess.objects, "get_or_create", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        add_user("ann", "--county", county.pk, "--password-file", str(tmp_path / "password"))
    assert not (tmp_path / "password").exists()
    assert not get_user_model().objects.exists()


@pytest.mark.parametrize("option", [("--role", "viewer"), ("--personal-data",)])
def test_a_right_without_a_county_is_refused(option: tuple[str, ...], county: County) -> None:
    with pytest.raises(CommandError, match="name it with --county"):
        add_user("ann", *option)
    assert not get_user_model().objects.exists()


def test_an_unknown_county_changes_nothing(county: County, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"Unknown county 'NOWHERE'\. Available: COUNTY01\."):
        add_user("ann", "--county", "NOWHERE", "--password-file", str(tmp_path / "password"))
    assert not get_user_model().objects.exists()
    assert not (tmp_path / "password").exists()
