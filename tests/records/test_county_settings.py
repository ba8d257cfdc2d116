"""Every setting of a county is edited over REST and in the admin, by those who may, with the same checks."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from terrafusion.records.models import SETTINGS, County, CountySettings
from terrafusion.records.sales.frame import rules_of
from tests.conftest import MakeUser


@pytest.fixture
def sign_in(make_user: MakeUser, county: County) -> Any:
    def signed_in(role: str) -> APIClient:
        client = APIClient()
        client.force_authenticate(make_user(f"the {role}", role, county))
        return client

    return signed_in


def address(county: County) -> str:
    return f"/api/v1/counties/{county.pk}/settings"


def test_every_setting_is_shown_and_none_is_forgotten(sign_in: Any, county: County) -> None:
    body = sign_in("viewer").get(address(county)).json()
    assert set(body) == {"county_id", *SETTINGS}
    assert "sales_screening" in body


def test_a_manager_changes_what_the_body_names_and_nothing_else(sign_in: Any, county: County) -> None:
    CountySettings.objects.create(county=county, max_active_jobs=7)
    screening = {"min_price": 25_000, "valid_codes": ["1"]}
    answer = sign_in("manager").patch(address(county), {"sales_screening": screening, "value_rounding": 500})
    assert answer.status_code == 200, answer.content
    assert (answer.json()["sales_screening"], answer.json()["value_rounding"]) == (screening, 500)
    stored = CountySettings.objects.get(county=county)
    assert (stored.value_rounding, stored.max_active_jobs) == (500, 7)
    assert rules_of(county.pk).min_price == 25_000


def test_a_county_without_settings_gets_its_own_with_the_first_change(sign_in: Any, county: County) -> None:
    assert sign_in("assessor").patch(address(county), {"result_days": 10}).status_code == 200
    assert CountySettings.objects.get(county=county).result_days == 10


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_below_a_manager_nobody_changes_settings(sign_in: Any, county: County, role: str) -> None:
    answer = sign_in(role).patch(address(county), {"value_rounding": 500})
    assert answer.status_code == 403
    assert answer.json()["detail"] == f"Requires the manager role in {county.pk}."
    assert not CountySettings.objects.filter(county=county).exists()


def test_another_countys_settings_are_not_there(make_user: MakeUser, county: County) -> None:
    client = APIClient()
    client.force_authenticate(make_user("stranger"))
    assert client.patch(address(county), {"value_rounding": 500}).status_code == 404


def test_all_faults_are_named_and_nothing_is_saved(sign_in: Any, county: County) -> None:
    CountySettings.objects.create(county=county)
    wrong = {
        "sales_screening": {"min_prise": 1, "flip_days": -1},
        "allowed_formats": ["PDF"],
        "value_rounding": 250,
    }
    answer = sign_in("manager").patch(address(county), wrong)
    assert answer.status_code == 400
    named = " ".join(error["detail"] for error in answer.json()["errors"])
    assert "min_prise" in named
    assert "flip_days" in named
    assert CountySettings.objects.get(county=county).value_rounding == 100


def test_the_admin_edits_the_screening_of_sales(make_user: MakeUser, county: County, client: Client) -> None:
    staff = make_user("staff", "manager", county)
    staff.is_staff = True
    staff.save()
    staff.user_permissions.set(Permission.objects.all())
    client.force_login(staff)
    CountySettings.objects.create(county=county)
    page = reverse("admin:records_countysettings_change", args=[county.pk])
    form = client.get(page).context["adminform"].form
    assert set(form.fields) == {"county", *SETTINGS}
    body = {name: value for name, value in form.initial.items() if value not in (None, [], {})}
    answer = client.post(page, body | {"sales_screening": '{"min_prise": 1}'})
    assert "min_prise" in str(answer.context["errors"])
    answer = client.post(page, body | {"sales_screening": '{"min_price": 30000}'})
    assert answer.status_code == 302, answer.context["errors"]
    assert rules_of(county.pk).min_price == 30_000
