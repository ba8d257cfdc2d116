"""The admin shows a member of the staff, who is no superuser, only what is in the user's counties."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.sites import site
from django.contrib.auth.models import Permission
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from gis_export.models import GisExportJob
from terrafusion.jobs.models import Schedule
from terrafusion.records.models import (
    County,
    CountyAccess,
    CountySettings,
    PropertyOperational,
    ReferenceFeature,
    ReferenceLayer,
    Sale,
)
from tests.conftest import MakeUser

OF_COUNTIES = sorted(
    (model for model in site._registry if model is County or "county" in {field.name for field in model._meta.fields}),
    key=lambda model: model._meta.label,
)


@pytest.fixture
def staff(make_user: MakeUser, county: County) -> Any:
    user = make_user("staff", "manager", county)
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.all())
    return user


@pytest.fixture
def staff_client(staff: Any, client: Client) -> Client:
    client.force_login(staff)
    return client


def rows_of(county: County, user: Any) -> dict[type[Model], Model]:
    """A row of each table that begins in the county."""
    layer = ReferenceLayer.objects.create(county=county, name="zoning", title="Zoning", geometry_type="MultiPolygon")
    return {
        County: county,
        CountySettings: CountySettings.objects.create(county=county),
        CountyAccess: CountyAccess.objects.get_or_create(county=county, user=user)[0],
        PropertyOperational: PropertyOperational.objects.create(county=county, parcel_number=f"P-{county.pk}"),
        Sale: Sale.objects.create(county=county, sale_id="1", parcel_number="1", sale_date="2024-01-01", sale_price=1),
        ReferenceLayer: layer,
        ReferenceFeature: ReferenceFeature.objects.create(county=county, layer=layer, feature_key="1"),
        GisExportJob: GisExportJob.objects.create(county=county, export_format="CSV", layers=["parcels"]),
    }


def test_every_page_of_a_table_with_a_county_is_cut_to_the_users_own(
    staff: Any, staff_client: Client, county: County, other_county: County, manager: Any, outsider: Any
) -> None:
    own, foreign = rows_of(county, manager), rows_of(other_county, outsider)
    assert {*own, Schedule} <= set(OF_COUNTIES)
    for model in OF_COUNTIES:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        listed = staff_client.get(reverse(f"{name}_changelist"))
        assert listed.status_code == 200, name
        assert other_county.name not in listed.content.decode(), f"{name} offers another county"
        if model in own:
            listed_keys = set(listed.context["cl"].queryset.values_list("pk", flat=True))
            assert own[model].pk in listed_keys, name
            assert foreign[model].pk not in listed_keys, name
            assert staff_client.get(reverse(f"{name}_change", args=[own[model].pk])).status_code == 200, name
            assert staff_client.get(reverse(f"{name}_change", args=[foreign[model].pk])).status_code == 302, name


def test_the_staff_cannot_give_themselves_another_county(
    staff: Any, staff_client: Client, county: County, other_county: County
) -> None:
    address = reverse("admin:records_countyaccess_add")
    body = {"user": staff.pk, "county": other_county.pk, "role": "manager"}
    answer = staff_client.post(address, body)
    assert answer.status_code == 200
    assert "county" in answer.context["adminform"].form.errors
    assert not CountyAccess.objects.filter(user=staff, county=other_county).exists()


def test_conditions_that_name_people_are_not_shown(staff: Any, staff_client: Client, county: County) -> None:
    asked = {"where": {"field": "owner_name", "op": "=", "value": "Jane Doe"}}
    job = GisExportJob.objects.create(
        county=county,
        export_format="CSV",
        layers=["parcels"],
        parameters=asked,
        result_summary={"request": {"parameters": asked}, "layers": [], "files": []},
        resolved={"filters_personal": True},
        submitted_by=staff,
    )
    address = reverse("admin:gis_export_gisexportjob_change", args=[job.pk])
    assert "Jane Doe" not in staff_client.get(address).content.decode()
    CountyAccess.objects.filter(user=staff, county=county).update(may_see_personal_data=True)
    assert "Jane Doe" in staff_client.get(address).content.decode()
