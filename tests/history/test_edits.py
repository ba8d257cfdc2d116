"""Every edit by a person leaves who, when, old and new, which nobody can change; the admin shows it."""

from __future__ import annotations

import datetime
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from rest_framework.response import Response
from rest_framework.test import APIClient

from terrafusion.accounts import tokens
from terrafusion.history.track import AFTER, BEFORE, edit_model_of, edit_models
from terrafusion.records.loading.load import load
from terrafusion.records.models import County, CountyAccess, CountySettings, PropertyOperational, Sale
from tests.conftest import ROOT, MakeUser, Role, process_environment
from valuation.models import SCHEDULES, CostRate


def edits(model: Any) -> list[Any]:
    table: Any = edit_model_of(model)
    return list(table.objects.order_by("pgh_id"))


@pytest.fixture
def parcel(county: County) -> PropertyOperational:
    return PropertyOperational.objects.create(
        county=county, parcel_number="0001", living_area_sqft=1_200, total_value=614_500, owner_name="SECRETOWNER"
    )


@pytest.fixture
def sale(parcel: PropertyOperational) -> Sale:
    return Sale.objects.create(
        county_id=parcel.county_id,
        sale_id="S1",
        parcel_number="0001",
        sale_date=datetime.date(2022, 5, 1),
        sale_price=500_000,
    )


def test_a_page_of_the_admin_leaves_who_and_from_what_to_what(admin_client: Any, sale: Sale) -> None:
    page = reverse("admin:records_sale_change", args=[sale.pk])
    form = admin_client.get(page).context["adminform"].form
    sent = {name: value for name, value in form.initial.items() if value is not None}
    assert admin_client.post(page, {**sent, "sale_price": 1}).status_code == 302
    before, after = edits(Sale)[-2:]
    assert (before.pgh_label, before.sale_price, after.pgh_label, after.sale_price) == (BEFORE, 500_000, AFTER, 1)
    assert after.pgh_context["username"] == "admin"
    assert after.pgh_context["url"] == page
    assert after.pgh_created_at is not None
    shown = admin_client.get(reverse("admin:records_saleevent_changelist")).content.decode()
    assert "sale_price: 500000 → 1" in shown
    history = admin_client.get(reverse("admin:records_sale_history", args=[sale.pk]), follow=True)
    assert "sale_price: 500000 → 1" in history.content.decode()
    edit = admin_client.get(reverse("admin:records_saleevent_change", args=[after.pk]))
    assert "sale_price: 500000 → 1" in edit.content.decode()
    assert admin_client.post(reverse("admin:records_saleevent_change", args=[after.pk]), {}).status_code == 403


def test_a_request_with_a_token_leaves_its_user(county: County, manager: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """REST learns the user behind the middleware, and only then."""

    def edit(view: Any, request: Any) -> Response:
        CountySettings.objects.create(county=county)
        return Response()

    monkeypatch.setattr("gis_export.views.EstimateView.post", edit)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {tokens.make(manager)[1]}")
    assert client.post(reverse("gis_export:estimate"), {}, format="json").status_code == 200
    context = edits(CountySettings)[-1].pgh_context
    assert (context["username"], context["user"]) == ("manager", manager.pk)


def _settings(county: County) -> tuple[Any, Callable[[], Any]]:
    row = CountySettings.objects.create(county=county)
    return CountySettings, lambda: CountySettings.objects.filter(pk=row.pk).update(value_rounding=1_000)


def _right(county: County) -> tuple[Any, Callable[[], Any]]:
    user = get_user_model().objects.create_user("clerk")
    row = CountyAccess.objects.create(user=user, county=county)
    return CountyAccess, lambda: CountyAccess.objects.filter(pk=row.pk).update(role=Role.ASSESSOR)


def _rate(county: County) -> tuple[Any, Callable[[], Any]]:
    row = CostRate.objects.create(
        county=county, effective_from=datetime.date(2022, 1, 1), size_sqft=1_000, rate_per_sqft=200
    )
    return CostRate, lambda: CostRate.objects.filter(pk=row.pk).update(rate_per_sqft=1)


@pytest.mark.parametrize("make", [_settings, _right, _rate])
def test_settings_rights_and_rates_are_recorded_whoever_writes_them(
    county: County, make: Callable[[County], tuple[Any, Callable[[], Any]]]
) -> None:
    model, change = make(county)
    change()
    assert [edit.pgh_label for edit in edits(model)] == ["insert", BEFORE, AFTER]
    model.objects.all().delete()
    assert edits(model)[-1].pgh_label == "delete"


def test_what_django_keeps_of_rights_is_recorded_without_passwords(db: None, make_user: MakeUser) -> None:
    user = make_user("ann")
    user.is_superuser = True
    user.set_password("another")
    user.save()
    group = Group.objects.create(name="Readers")
    group.permissions.add(Permission.objects.earliest("pk"))
    user.groups.add(group)
    user.user_permissions.add(Permission.objects.latest("pk"))
    table: Any = apps.get_model("records", "PersonEvent")
    before, after = table.objects.filter(username="ann").order_by("pgh_id")[1:]
    assert (before.is_superuser, after.is_superuser) == (False, True)
    assert "password" not in {field.name for field in table._meta.fields}
    for name in ("GroupMemberEvent", "PersonPermissionEvent", "GroupPermissionEvent"):
        assert apps.get_model("records", name).objects.count() == 1


def test_a_command_leaves_its_name_and_who_ran_it(transactional_db: None, county: County) -> None:
    code = "from terrafusion.records.models import County; County.objects.update(name='Other')"
    subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "shell", "-c", code],
        cwd=ROOT,
        env=process_environment(),
        check=True,
        capture_output=True,
    )
    context = edits(County)[-1].pgh_context
    assert context["command"] == "shell"
    assert context["os_user"]


def test_sql_leaves_its_edit_too(parcel: PropertyOperational, admin_client: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE records_propertyoperational SET living_area_sqft = 2400")
    before, after = edits(PropertyOperational)[-2:]
    assert (before.living_area_sqft, after.living_area_sqft, after.pgh_context) == (1_200, 2_400, None)
    shown = admin_client.get(reverse("admin:records_propertyoperationalevent_changelist")).content.decode()
    assert "SQL, outside the application" in shown
    assert "living_area_sqft: 1200.0 → 2400.0" in shown


@pytest.mark.parametrize("statement", ["UPDATE {} SET pgh_label = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_nobody_changes_an_edit(db: None, statement: str) -> None:
    with connection.cursor() as cursor:
        for table in (model._meta.db_table for model in edit_models()):
            # What switches off the library's own triggers switches off no protection.
            cursor.execute(
                "SELECT set_config('pgtrigger.ignore', array_agg(tgname)::text, true) FROM pg_trigger "
                "WHERE tgrelid = %s::regclass",
                [table],
            )
            with pytest.raises(IntegrityError, match="history of edits never changes"), transaction.atomic():
                cursor.execute(statement.format(table))


def test_a_load_is_recorded_as_a_load(county: County, tmp_path: Any) -> None:
    file = tmp_path / "parcels.csv"
    for value in (100_000, 200_000):
        file.write_text(f"parcel_number,total_value,tax_year\n0001,{value},2022\n")
        load(county.pk, "parcels", file)
    assert not edits(PropertyOperational)
    PropertyOperational.objects.update(total_value=5)  # in the same transaction, but no load
    assert [edit.total_value for edit in edits(PropertyOperational)] == [200_000, 5]


def test_staff_see_edits_of_their_own_counties_and_no_owners(
    county: County, other_county: County, parcel: PropertyOperational, manager: Any, outsider: Any, client: Any
) -> None:
    PropertyOperational.objects.filter(pk=parcel.pk).update(owner_name="OTHEROWNER")
    for user, count in ((manager, 2), (outsider, 0)):
        user.is_staff = True
        user.save()
        user.user_permissions.set(Permission.objects.all())
        client.force_login(user)
        page = client.get(reverse("admin:records_propertyoperationalevent_changelist"))
        assert len(page.context["cl"].result_list) == count
        assert "OWNER" not in page.content.decode()
        assert not client.get(reverse("admin:records_personevent_changelist")).context["cl"].result_list


def test_every_table_of_rates_and_settings_is_tracked() -> None:
    tables: list[Any] = [*SCHEDULES.values(), CountySettings, CountyAccess, County]
    assert all(edit_model_of(model) for model in tables)
