"""The time zone of a county by the place of its parcels, in states whose counties keep several."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pghistory
from django.db.backends.utils import CursorWrapper

from terrafusion.history.track import AFTER, edit_model_of
from terrafusion.records.loading.report import LoadReport
from terrafusion.records.models import County, CountySettings
from terrafusion.records.places import STATES

_PARCELS = 200  # that are asked; they decide by their majority
_MARK = "time_zone_by"
"""What an edit of ours has in its context; whatever else names a time zone is a person's."""


def settle(cursor: CursorWrapper, county: County, report: LoadReport) -> None:
    """Fill in the time zone and say so in the report, unless a person has set it, or the state leaves no choice."""
    state = STATES.get(county.state)
    if state is None or len(state.time_zones) == 1:
        return
    settings = CountySettings.of(county)
    if _is_a_persons(settings):
        return
    zone = _zone(_places(cursor, county.pk))
    if zone not in state.time_zones or zone == settings.time_zone:
        return
    before, settings.time_zone = settings.time_zone, zone
    with pghistory.context(**{_MARK: "the place of the county's parcels"}):
        settings.save()
    report.notes.append(f"The county's time zone is {zone}, by the place of its parcels; it was taken for {before}.")


def _is_a_persons(settings: CountySettings) -> bool:
    """Whether the time zone came by a request, or is another than that of most of the state."""
    if settings._state.adding:
        return False
    edits: Any = edit_model_of(CountySettings)
    brought, zone = None, ""
    for edit in edits.objects.filter(pgh_obj=settings.pk, pgh_label__in=("insert", AFTER)).order_by("pgh_id"):
        if edit.time_zone != zone:
            brought, zone = edit, edit.time_zone
    context = (brought.pgh_context if brought else None) or {}
    if _MARK in context:
        return False
    return bool(context.get("username")) or settings.time_zone != STATES[settings.county.state].time_zones[0]


def _places(cursor: CursorWrapper, county_id: str) -> list[tuple[float, float]]:
    """Longitude and latitude of some parcels, the same ones each time."""
    cursor.execute(
        "SELECT ST_X(point), ST_Y(point) FROM records_propertyoperational WHERE county_id = %s AND point IS NOT NULL "
        "ORDER BY md5(parcel_number) LIMIT %s",
        [county_id, _PARCELS],
    )
    return list(cursor.fetchall())


def _zone(places: list[tuple[float, float]]) -> str:
    """That of most of the places; empty where there is none."""
    from timezonefinder import TimezoneFinder  # half a second and 40 MB, which web processes do not need

    finder = TimezoneFinder()
    zones = Counter(finder.timezone_at(lng=longitude, lat=latitude) for longitude, latitude in places)
    return str(zones.most_common(1)[0][0] or "") if zones else ""
