"""Groups for the staff, and a person's page with the rights in all counties."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test import Client

from terrafusion.records.models import County, CountyAccess
from tests.conftest import MakeUser, Role

pytestmark = pytest.mark.django_db
migration = import_module("terrafusion.accounts.migrations.0003_groups")


@pytest.fixture
def groups() -> None:
    """As migrated; other tests may have emptied the table."""
    with connection.schema_editor(atomic=False) as editor:
        migration.make(apps, editor)


def staff(make_user: MakeUser, name: str, group: str, role: str, *counties: County, **access: Any) -> Client:
    user = make_user(name, role, *counties, **access)
    User.objects.filter(pk=user.pk).update(is_staff=True)
    user.groups.set([Group.objects.get(name=group)])
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


@pytest.mark.usefixtures("groups")
@pytest.mark.parametrize("name", migration.GROUPS)
def test_a_group_has_all_that_it_names(name: str) -> None:
    """A name with one letter wrong would give nothing."""
    named = {
        (page.partition(".")[0], f"{verb}_{page.partition('.')[2]}")
        for page, verbs in migration.GROUPS[name].items()
        for verb in verbs
    }
    given = Group.objects.get(name=name).permissions.values_list("content_type__app_label", "codename")
    assert set(given) == named
    assert not {codename for label, codename in given if label == "auth"} - {"view_user", "view_group"}


def test_permissions_are_called_as_django_calls_them(groups: None) -> None:
    permission = Permission.objects.get(content_type__app_label="records", codename="view_countyaccess")
    assert permission.name == "Can view county access"


def test_what_an_office_changed_stays(groups: None) -> None:
    Group.objects.get(name="Records clerks").permissions.clear()
    Group.objects.get(name="Job operators").delete()
    with connection.schema_editor(atomic=False) as editor:
        migration.make(apps, editor)
    assert Group.objects.get(name="Records clerks").permissions.count() == 0
    assert Group.objects.get(name="Job operators").permissions.count() > 10
    assert Group.objects.filter(name__in=migration.GROUPS).count() == 5


def test_rights_to_the_table_of_the_former_name_are_rights_to_evaluation_sales(
    make_user: MakeUser, county: County
) -> None:
    """A group's and a person's permissions follow the model to its new name."""
    new = Permission.objects.get(content_type__app_label="valuation", codename="view_evaluationsale")
    old = Permission.objects.create(
        content_type=new.content_type, codename="view_judgedsale", name="Can view judged sale"
    )
    group, user = Group.objects.create(name="Reviewers"), make_user("reviewer", "viewer", county)
    group.permissions.add(old)
    user.user_permissions.add(old)
    with connection.schema_editor(atomic=False) as editor:
        import_module("valuation.migrations.0013_evaluation_sales").grant(apps, editor)
    assert new in group.permissions.all()
    assert new in user.user_permissions.all()


PAGES = {
    "County administrators": (
        ["records/countysettings", "records/countyaccess", "valuation/costrate", "auth/user"],
        ["accounts/token", "gis_export/gisexportjob", "records/sale"],
    ),
    "Records officers": (
        ["records/sale", "records/personaldataaccess", "valuation/decision", "gis_export/gisexportjob"],
        ["accounts/token", "reporting/reporttemplate", "jobs/schedule"],
    ),
    "Records clerks": (
        ["records/propertyoperational", "reporting/parcelphoto"],
        ["accounts/token", "records/countyaccess", "gis_export/gisexportjob"],
    ),
    "Job operators": (
        ["gis_export/gisexportjob", "jobs/schedule", "jobs/webhookdelivery"],
        ["accounts/token", "records/countyaccess", "records/sale"],
    ),
    "Security officers": (
        ["accounts/accountevent", "accounts/token", "auth/user"],
        ["records/countyaccess", "records/sale", "gis_export/gisexportjob"],
    ),
}


@pytest.mark.usefixtures("groups")
@pytest.mark.parametrize("group", PAGES)
def test_each_group_has_its_pages(group: str, make_user: MakeUser, county: County) -> None:
    client = staff(make_user, "clerk", group, Role.MANAGER, county)
    for status, pages in zip((200, 403), PAGES[group], strict=True):
        for page in pages:
            assert client.get(f"/admin/{page}/").status_code == status, page


def rights_on_page(client: Client, person: User) -> str:
    page = client.get(f"/admin/auth/user/{person.pk}/change/")
    assert page.status_code == 200
    match = re.search(r"field-rights.*?</div>\s*</div>", page.content.decode(), re.DOTALL)
    assert match
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "|", match[0]))


@pytest.fixture
def person(make_user: MakeUser, county: County, other_county: County) -> User:
    user: User = make_user("ann", Role.ANALYST, county, may_see_personal_data=True)
    CountyAccess.objects.create(user=user, county=other_county, role=Role.VIEWER)
    return user


def test_a_page_shows_the_rights_in_all_counties(person: User, county: County) -> None:
    root = Client()
    root.force_login(User.objects.create_superuser("root", password="root-password"))
    grant = CountyAccess.objects.get(user=person, county=county)
    change = {"user": person.pk, "county": county.pk, "role": "manager", "may_see_personal_data": "on"}
    assert root.post(f"/admin/records/countyaccess/{grant.pk}/change/", change).status_code == 302
    shown = rights_on_page(root, person)
    first, second = shown.split("Second County")
    assert "First County (COUNTY01)" in first
    assert "Manager" in first
    assert "|yes|" in first
    assert ", by root" in first
    assert "(COUNTY02)" in second
    assert "Viewer" in second
    assert "|no|" in second
    assert (
        f"/admin/records/countyaccess/{grant.pk}/change/"
        in root.get(f"/admin/auth/user/{person.pk}/change/").content.decode()
    )


def test_what_a_superuser_and_one_who_is_put_out_may(person: User) -> None:
    root = User.objects.create_superuser("root", password="root-password")
    client = Client()
    client.force_login(root)
    assert "All, in every county" in rights_on_page(client, root)
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert "None: the account is not active." in rights_on_page(client, person)
    assert "None in any county." in rights_on_page(client, User.objects.create_user("new"))


@pytest.mark.usefixtures("groups")
def test_of_other_counties_only_their_number_is_shown(person: User, make_user: MakeUser, county: County) -> None:
    client = staff(make_user, "clerk", "County administrators", Role.MANAGER, county)
    shown = rights_on_page(client, person)
    assert "COUNTY01" in shown
    assert "COUNTY02" not in shown
    assert "Also 1 county that you have no right to." in shown


def test_who_changes_users_makes_nobody_more_powerful(person: User, make_user: MakeUser) -> None:
    helper = make_user("helper")
    User.objects.filter(pk=helper.pk).update(is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(content_type__model="user"))
    root = User.objects.create_superuser("root", password="root-password")
    client = Client()
    client.force_login(helper)
    all_of_it = [permission.pk for permission in Permission.objects.all()]
    given = {"username": "ann", "first_name": "Ann", "is_active": "on", "is_superuser": "on", "is_staff": "on"}
    dates = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    for target in (person, helper):
        body = {**given, **dates, "username": target.username, "user_permissions": all_of_it}
        assert client.post(f"/admin/auth/user/{target.pk}/change/", body).status_code == 302
        target.refresh_from_db()
        assert target.first_name == "Ann"
        assert not target.is_superuser
    assert person.user_permissions.count() == 0
    assert helper.user_permissions.count() == 4
    new = {"password1": "quite-another-1", "password2": "quite-another-1", "usable_password": "true"}
    forms: dict[str, dict[str, str]] = {"change": {**given, **dates}, "password": new, "delete": {"post": "yes"}}
    for page, form in forms.items():
        assert client.post(f"/admin/auth/user/{root.pk}/{page}/", form).status_code == 403, page
    root.refresh_from_db()
    assert root.check_password("root-password")
