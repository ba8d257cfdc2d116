"""What day it is, by the county's clock."""

from __future__ import annotations

import datetime
from unittest import mock

import pytest

from terrafusion.records import county_time
from terrafusion.records.models import County, CountySettings

pytestmark = pytest.mark.django_db
NEW_YEAR = datetime.datetime(2026, 1, 1, 3, 0, tzinfo=datetime.UTC)


def test_today_is_the_countys(county: County) -> None:
    with mock.patch("django.utils.timezone.now", return_value=NEW_YEAR):
        assert county_time.today(county) == datetime.date(2025, 12, 31)  # names no time zone: its state's
        CountySettings.objects.create(county=county, time_zone="Pacific/Guam")
        assert county_time.today(county) == county_time.today(county.pk) == datetime.date(2026, 1, 1)
    assert county_time.zone(county).key == "Pacific/Guam"
