"""Loading parcels finds the time zone of a county in a state of several, and never takes one from a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import shapely

from terrafusion.history.track import edit_model_of
from terrafusion.records.models import County, CountySettings
from tests.conftest import ClientOf, MakeUser, Role
from tests.records.loading import files

PENSACOLA = (-87.2, 30.42)
# Of split states: a place, and the zone that its county keeps (49 CFR 71, by IANA's names).
PLACES = [
    ("FL", 2238, PENSACOLA, "America/Chicago"),
    ("IN", 2965, (-87.35, 41.4), "America/Chicago"),
    ("IN", 2965, (-86.64, 38.08), "America/Indiana/Tell_City"),
    ("KY", 3089, (-88.6, 37.08), "America/Chicago"),
    ("TN", 2274, (-83.92, 35.96), "America/New_York"),
    ("TX", 2277, (-106.48, 31.76), "America/Denver"),
    ("ND", 2266, (-102.79, 46.88), "America/Denver"),
]


def county(state: str, srid: int) -> County:
    return County.objects.create(id="SPLIT", name="Split County", state=state, state_plane_srid=srid)


def parcels(folder: Path, place: tuple[float, float]) -> Path:
    x, y = place
    outlines = [shapely.box(x + n / 1000, y, x + n / 1000 + 0.0005, y + 0.0005) for n in range(3)]
    return files.write(folder / "p.geojson", {"parcel_number": ["1", "2", "3"]}, outlines, crs="EPSG:4326")


def zone(of: County) -> str:
    return CountySettings.objects.get(county=of).time_zone


@pytest.mark.django_db
@pytest.mark.parametrize(("state", "srid", "place", "expected"), PLACES)
def test_the_place_of_the_parcels_decides(
    state: str, srid: int, place: tuple[float, float], expected: str, tmp_path: Path
) -> None:
    split = county(state, srid)
    before = CountySettings.of(split).time_zone
    report = files.load(split, "parcels", parcels(tmp_path, place))
    assert zone(split) == expected
    note = f"The county's time zone is {expected}, by the place of its parcels; it was taken for {before}."
    assert report["notes"] == [note]
    edits: Any = edit_model_of(CountySettings)
    assert edits.objects.last().pgh_context["time_zone_by"] == "the place of the county's parcels"
    assert files.load(split, "parcels", parcels(tmp_path, place))["notes"] == []


@pytest.mark.django_db
def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    split = county("FL", 2238)
    files.load(split, "parcels", parcels(tmp_path, PENSACOLA), dry_run=True)
    assert not CountySettings.objects.filter(county=split).exists()


@pytest.mark.django_db
def test_what_a_person_set_stays(client_of: ClientOf, make_user: MakeUser, tmp_path: Path) -> None:
    split = county("FL", 2238)
    client = client_of(make_user("manager of the split", Role.MANAGER, split))
    answer = client.patch(f"/api/v1/counties/{split.pk}/settings", {"time_zone": "America/New_York"}, format="json")
    assert answer.status_code == 200, answer.content
    assert files.load(split, "parcels", parcels(tmp_path, PENSACOLA))["notes"] == []
    assert zone(split) == "America/New_York"


@pytest.mark.django_db
def test_what_a_command_named_stays_and_what_it_left_open_is_filled_in(tmp_path: Path) -> None:
    split = county("TX", 2277)
    settings = CountySettings.objects.create(county=split, time_zone="America/Denver")
    files.load(split, "parcels", parcels(tmp_path, (-95.4, 29.8)))
    assert zone(split) == "America/Denver"
    settings.delete()
    CountySettings.objects.create(county=split, value_rounding=500)
    files.load(split, "parcels", parcels(tmp_path, (-106.48, 31.76)))
    assert zone(split) == "America/Denver"
    assert CountySettings.objects.get(county=split).value_rounding == 500


@pytest.mark.django_db
def test_a_state_of_one_zone_is_not_asked_about(king: County, tmp_path: Path) -> None:
    files.load(king, "parcels", parcels(tmp_path, (-122.3, 47.6)))
    assert not CountySettings.objects.filter(county=king).exists()
