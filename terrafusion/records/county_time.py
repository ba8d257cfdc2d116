"""Time as a county's own clocks show it (``CountySettings.time_zone``), not the server's."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from django.utils import timezone

from terrafusion.records.models import County, CountySettings


def zone(county: County | str) -> ZoneInfo:
    """That of most of the state where the county has named none."""
    return ZoneInfo(CountySettings.of(county).time_zone)


def today(county: County | str) -> date:
    return timezone.localdate(timezone=zone(county))
