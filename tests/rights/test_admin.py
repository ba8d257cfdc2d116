"""The admin guesses nothing, shows no personal data without the right, and lets staff do what their roles allow."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.sites import site
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from gis_export.models import GisExportJob
from terrafusion.jobs.states import Status
from terrafusion.records.county_admin import OwnCountiesAdmin
from terrafusion.records.models import (
    County,
    CountyAccess,
    CountySettings,
    PropertyOperational,
    ReferenceFeature,
    ReferenceLayer,
)
from tests.conftest import MakeUser
from tests.rights.conftest import MARK

Role = CountyAccess.Role
PAGES = [pages for pages in site._registry.values() if isinstance(pages, OwnCountiesAdmin)]


def changelist(model: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def change(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


@pytest.fixture
def staff_of(make_user: MakeUser, county: County, client: Client) -> Any:
    """Signs in a member of the staff with every permission of Django's and this role in the county."""

    def make(role: Role, **access: Any) -> Any:
        user = make_user(f"staff {role.value}", role, county, **access)
        user.is_staff = True
        user.save()
        user.user_permissions.set(Permission.objects.all())
        client.force_login(user)
        return user

    return make


@pytest.mark.parametrize("pages", PAGES, ids=lambda pages: pages.model._meta.label)
def test_no_list_is_filtered_by_what_it_does_not_offer(pages: Any, ground: County, admin_client: Client) -> None:
    offered = {item[0] if isinstance(item, tuple) else item for item in pages.get_list_filter(None)}
    offered |= {pages.date_hierarchy, pages.opts.pk.name, "pgh_obj"}
    address = changelist(pages.model)
    assert admin_client.get(address).status_code == 200
    hidden = [field for field in pages.model._meta.concrete_fields if field.name not in offered]
    for field in hidden:
        for lookup in ("startswith", "icontains", "gte", "isnull", "regex", "contains", "has_key"):
            answer = admin_client.get(address, {f"{field.name}__{lookup}": "X"})
            assert answer.status_code == 400, (field.name, lookup)
    for name in filter(None, offered):
        for lookup in ("startswith", "icontains", "regex", "contains"):
            assert admin_client.get(address, {f"{name}__{lookup}": "X"}).status_code == 400, (name, lookup)


def test_the_filters_that_lists_offer_still_work(ground: County, admin_client: Client) -> None:
    for model in (PropertyOperational, ReferenceFeature, GisExportJob):
        page = admin_client.get(changelist(model)).context["cl"]
        for spec in page.filter_specs:
            for choice in spec.choices(page):
                answer = admin_client.get(changelist(model) + choice["query_string"])
                assert answer.status_code == 200, choice
    rows = admin_client.get(changelist(PropertyOperational), {"county__id__exact": ground.pk}).context["cl"].queryset
    assert rows.count() == PropertyOperational.objects.count()
    assert admin_client.get(changelist(GisExportJob), {"created_at__year": "2026"}).status_code == 200


def test_personal_attributes_of_features(staff_of: Any, client: Client, ground: County) -> None:
    feature = ReferenceFeature.objects.get(feature_key="a", layer__name="zones")
    layer = ReferenceLayer.objects.get(name="zones")
    user = staff_of(Role.ASSESSOR)
    page = client.get(change(feature)).content.decode()
    assert MARK not in page
    assert "CODE" in page
    client.post(change(layer), {"county": ground.pk, "name": "zones", "title": "Zones", "field_schema": "[]"})
    layer.refresh_from_db()
    assert [field.get("personal", False) for field in layer.field_schema] == [False, True]
    CountyAccess.objects.filter(user=user).update(may_see_personal_data=True)
    assert MARK in client.get(change(feature)).content.decode()


@pytest.mark.parametrize("role", list(Role))
def test_settings_are_changed_by_managers(role: Role, staff_of: Any, client: Client, ground: County) -> None:
    staff_of(role)
    may = role in (Role.MANAGER, Role.ASSESSOR)
    settings = CountySettings.objects.create(county=ground)
    page = client.get(change(settings))
    assert page.status_code == 200
    assert page.context["has_change_permission"] is may
    for row in (ground, PropertyOperational.objects.first(), ReferenceLayer.objects.first()):
        assert client.get(change(row)).context["has_change_permission"] is may, row
        assert client.post(change(row), {}).status_code == (200 if may else 403), row
    assert client.get(reverse("admin:records_countysettings_add")).status_code == (200 if may else 403)
    assert client.post(reverse("admin:records_sale_add"), {}).status_code == (200 if may else 403)


def test_a_role_in_one_county_changes_nothing_in_another(
    staff_of: Any, client: Client, ground: County, other_county: County
) -> None:
    user = staff_of(Role.ASSESSOR)
    CountyAccess.objects.create(user=user, county=other_county, role=Role.VIEWER)
    assert client.get(change(ground)).context["has_change_permission"] is True
    assert client.get(change(other_county)).context["has_change_permission"] is False
    body = {"county": other_county.pk, "sale_id": "1", "parcel_number": "1", "sale_date": "2026-01-01"}
    page = client.post(reverse("admin:records_sale_add"), {**body, "sale_price": 1})
    assert "county" in page.context["adminform"].form.errors


def test_nobody_gives_more_than_they_have(
    staff_of: Any, client: Client, ground: County, viewer: Any, make_user: MakeUser
) -> None:
    user = staff_of(Role.MANAGER)
    own = CountyAccess.objects.get(user=user)
    other = CountyAccess.objects.get(user=viewer)
    above = CountyAccess.objects.get(user=make_user("above", Role.ASSESSOR, ground))

    def send(right: CountyAccess, **values: Any) -> bool:
        body = {"user": right.user_id, "county": ground.pk, "role": right.role}
        answer = client.post(change(right), {**body, **values})
        right.refresh_from_db()
        return answer.status_code == 302

    assert not send(own, role="assessor")
    assert not send(own, may_see_personal_data="on")
    assert not send(above, role="viewer")
    assert not send(other, role="assessor")
    assert not send(other, may_see_personal_data="on")
    assert (own.role, own.may_see_personal_data, other.role, above.role) == ("manager", False, "viewer", "assessor")
    assert send(other, role="manager")
    assert other.role == "manager"
    remove = {row: reverse("admin:records_countyaccess_delete", args=[row.pk]) for row in (own, above, other)}
    assert [client.post(address, {"post": "yes"}).status_code for address in remove.values()] == [403, 403, 302]
    CountyAccess.objects.filter(pk=own.pk).update(may_see_personal_data=True)
    newcomer = make_user("newcomer")
    body = {"user": newcomer.pk, "county": ground.pk, "role": "analyst", "may_see_personal_data": "on"}
    assert client.post(reverse("admin:records_countyaccess_add"), body).status_code == 302
    assert CountyAccess.objects.get(user=newcomer).may_see_personal_data


@pytest.mark.parametrize(("role", "done"), [(Role.VIEWER, 0), (Role.ANALYST, 1), (Role.MANAGER, 2)])
def test_jobs_are_canceled_as_over_rest(
    role: Role, done: int, staff_of: Any, client: Client, ground: County, analyst: Any
) -> None:
    user = staff_of(role)
    for owner in (user, analyst):
        GisExportJob.objects.create(county=ground, export_format="CSV", layers=["parcels"], submitted_by=owner)
    chosen = {"_selected_action": [str(job.pk) for job in GisExportJob.objects.all()]}
    client.post(changelist(GisExportJob), {"action": "cancel_jobs", **chosen})
    assert GisExportJob.objects.filter(status=Status.CANCELLED).count() == done
    client.post(changelist(GisExportJob), {"action": "rerun_jobs", **chosen})
    assert GisExportJob.objects.count() == 2 + done
