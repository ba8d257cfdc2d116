"""A county's State Plane zone, state and time zone: filled in where they can be known, refused where they are wrong."""

from __future__ import annotations

import importlib
from typing import Any
from zoneinfo import available_timezones

import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from terrafusion.records import places, state_plane
from terrafusion.records.models import County, CountySettings
from tests.conftest import ClientOf

pytestmark = pytest.mark.django_db


def county_of(state: str, name: str = "Some County", srid: int | None = None) -> County:
    county = County(id="NEW", name=name, state=state)
    if srid is not None:
        county.state_plane_srid = srid
    return county


def fault_of(county: County, field: str) -> str:
    with pytest.raises(ValidationError) as caught:
        county.full_clean()
    return " ".join(caught.value.message_dict[field])


@pytest.mark.parametrize(
    ("state", "name", "srid"),
    [
        ("WA", "King County", 2285),
        ("WA", "Franklin County", 2286),
        ("OH", "Lucas County", 3734),
        ("IL", "St. Clair County", 3436),
        ("GA", "De Kalb County", 2240),
        ("LA", "Orleans Parish", 3452),
        ("NY", "Kings County", 2263),
        ("MI", "Wayne County", 2253),  # in international feet, as that state's law has it
        ("MO", "St. Louis County", 26996),  # by NAD83 in meters only
        ("DC", "Washington", 2248),
        ("PR", "San Juan", 32161),
        ("TN", "Anything", 2274),  # one zone: the name does not matter
    ],
)
def test_the_zone_is_filled_in_by_state_and_name(state: str, name: str, srid: int) -> None:
    county = county_of(state, name)
    county.full_clean()
    assert county.state_plane_srid == srid


@pytest.mark.parametrize(("state", "name"), [("MA", "Cambridge"), ("WA", "Grant County")])
def test_where_it_cannot_be_known_the_choices_are_named(state: str, name: str) -> None:
    """A city is in no list of counties, and Grant County is in two zones."""
    said = fault_of(county_of(state, name), "state_plane_srid")
    assert said.startswith(f"{places.STATES[state].name} has several State Plane zones: give one of 22")


@pytest.mark.parametrize(
    ("state", "srid"),
    [
        ("WA", 2285),
        ("WA", 2286),
        ("WA", 2926),  # HARN
        ("WA", 32148),  # meters
        ("WA", 6596),  # 2011
        ("WA", 32048),  # NAD27
        ("MI", 5623),  # State Plane before 1964
        ("AZ", 26749),
        ("HI", 3561),
        ("GU", 4414),
        ("AS", 2195),
        ("MP", 8693),
        ("DC", 26985),
    ],
)
def test_any_datum_and_unit_of_the_state_is_taken(state: str, srid: int) -> None:
    county = county_of(state, srid=srid)
    county.full_clean()
    assert county.state_plane_srid == srid


@pytest.mark.parametrize(
    ("state", "srid", "said"),
    [
        ("WA", 4326, "EPSG:4326 is not a State Plane zone: give one of 2285 (Washington North (ftUS)), 2286"),
        ("WA", 3857, "EPSG:3857 is not a State Plane zone"),
        ("WA", 26910, "EPSG:26910 is not a State Plane zone"),  # UTM zone 10N
        ("WA", 5070, "EPSG:5070 is not a State Plane zone"),  # the country's Albers
        ("WA", 999999, "EPSG:999999 is not a State Plane zone"),
        ("WA", 2249, "EPSG:2249 is not a State Plane zone of Washington"),
        ("VA", 26853, "EPSG:26853 is not a State Plane zone of Virginia"),  # West Virginia's
        ("KS", 3433, "EPSG:3433 is not a State Plane zone of Kansas"),  # Arkansas'
        ("OH", 2195, "EPSG:2195 is not a State Plane zone of Ohio"),
    ],
)
def test_what_is_no_zone_of_the_state_is_refused(state: str, srid: int, said: str) -> None:
    assert fault_of(county_of(state, srid=srid), "state_plane_srid").startswith(said)


@pytest.mark.parametrize("state", ["ZZ", "wa", "W", ""])
def test_what_is_no_state_is_refused(state: str) -> None:
    assert fault_of(county_of(state, srid=2285), "state")


def test_every_state_has_zones_and_time_zones() -> None:
    for code, state in places.STATES.items():
        assert set(state.time_zones) <= available_timezones(), code
    for code in ("AK", "DC", "FL", "GU", "VI", "WY"):
        assert all(state_plane.fault(zone.srid, code) == "" for zone in state_plane._usual(code))


ADD = {
    **{f"settings-{name}": value for name, value in (("TOTAL_FORMS", 1), ("INITIAL_FORMS", 0))},
    **{f"access-{name}": 0 for name in ("TOTAL_FORMS", "INITIAL_FORMS")},
    "id": "NEW",
    "settings-0-value_rounding": 500,
}
DEFAULTS = (
    "max_area_vertices",
    "max_active_jobs",
    "result_days",
    "max_result_days",
    "proposal_days",
    "revocation_days",
    "access_log_days",
)


def add(client: Client, **fields: Any) -> dict[str, Any]:
    """What the admin's page finds wrong with a new county."""
    settings = {f"settings-0-{name}": getattr(CountySettings(), name) for name in DEFAULTS}
    lists = {f"settings-0-{name}": "[]" for name in ("allowed_formats",)}
    objects = {f"settings-0-{name}": "{}" for name in ("default_parameters", "format_limits", "sales_screening")}
    answer = client.post(reverse("admin:records_county_add"), {**ADD, **settings, **lists, **objects, **fields})
    if answer.status_code == 302:
        return {}
    (inline, *_) = answer.context["inline_admin_formsets"]
    return {**answer.context["adminform"].errors, **inline.formset.errors[0]}


def test_the_admin_fills_in_what_is_empty(admin_client: Client) -> None:
    assert add(admin_client, name="King County", state="WA") == {}
    county = County.objects.get(pk="NEW")
    assert (county.state_plane_srid, county.settings.time_zone) == (2285, "America/Los_Angeles")


def test_the_admin_refuses_what_is_wrong_and_saves_nothing(admin_client: Client) -> None:
    wrong = {"state_plane_srid": 4326, "settings-0-time_zone": "UTC"}
    errors = add(admin_client, name="King County", state="WA", **wrong)
    assert "not a State Plane zone" in str(errors["state_plane_srid"])
    assert "UTC is not a time zone of Washington: give America/Los_Angeles." in str(errors["time_zone"])
    assert "ZZ&#x27; is not a state" in str(add(admin_client, name="King County", state="ZZ", **wrong)["state"])
    assert not County.objects.exists()


def test_a_state_of_several_time_zones_must_be_given_one(admin_client: Client) -> None:
    errors = add(admin_client, name="Escambia County", state="FL")
    assert "Florida has several time zones: give one of America/New_York, America/Chicago." in str(errors["time_zone"])
    assert add(admin_client, name="Escambia County", state="FL", **{"settings-0-time_zone": "America/Chicago"}) == {}
    county = County.objects.get()
    assert (county.state_plane_srid, county.settings.time_zone) == (2238, "America/Chicago")


def test_over_rest_a_time_zone_is_the_states(client_of: ClientOf, manager: Any, county: County) -> None:
    client = client_of(manager)
    address = f"/api/v1/counties/{county.pk}/settings"
    for wrong in ("UTC", "Europe/Berlin", "America/New_York", "US/Pacific", "Mars/Olympus"):
        answer = client.patch(address, {"time_zone": wrong})
        assert answer.status_code == 400, wrong
        assert "time_zone" in answer.content.decode()
    assert not CountySettings.objects.filter(county=county).exists()
    assert client.patch(address, {"result_days": 3}).status_code == 200
    assert CountySettings.objects.get(county=county).time_zone == "America/Los_Angeles"


def test_counties_from_before_are_named_and_keep_working(county: County, other_county: County) -> None:
    County.objects.filter(pk=county.pk).update(state_plane_srid=4326)
    County.objects.filter(pk=other_county.pk).update(state="ZZ")
    CountySettings.objects.create(county=county, time_zone="UTC")
    warnings = [(str(one.obj), one.msg) for one in run_checks(databases=["default"]) if one.id == "records.W001"]
    assert [(name, text.split(" ")[0]) for name, text in sorted(warnings)] == [
        ("COUNTY01", "state_plane_srid:"),
        ("COUNTY01", "time_zone:"),
        ("COUNTY02", "state:"),
    ]
    assert not [one for one in run_checks() if one.id == "records.W001"]  # no database is read unasked


def test_the_migration_fills_in_time_zones_that_nobody_had_named(county: County, other_county: County) -> None:
    County.objects.filter(pk=other_county.pk).update(state="FL")
    odd = County.objects.create(pk="ODD", name="Odd", state="ZZ", state_plane_srid=4326)
    for one in (county, other_county, odd):
        CountySettings.objects.create(county=one, time_zone="UTC")
    migration = importlib.import_module("terrafusion.records.migrations.0013_county_places")
    migration.fill_in_time_zones(apps, None)
    zones = dict(CountySettings.objects.values_list("county_id", "time_zone"))
    assert zones == {"COUNTY01": "America/Los_Angeles", "COUNTY02": "UTC", "ODD": "UTC"}
