"""When something is due: cron expressions in the time of a place. Pure: no database, no clock.

Five fields, as in Debian's cron: minute, hour, day of month, month, day of week; also ``L`` for the last day of a
month and ``MON#1`` for its first Monday. A time that the change to summer time leaves out is due right after it; one
that comes twice in autumn is due once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from terrafusion.jobs.errors import InvalidCron

MINIMUM = timedelta(minutes=15)
"""The shortest time between two slots."""
_SAMPLE_FROM = datetime(2024, 2, 28)  # a leap day is near
_SAMPLE = 100  # slots that are looked at


def check(expression: str) -> None:
    """Raises InvalidCron for what is no expression, is never due, or is due more often than ``MINIMUM`` allows."""
    if len(expression.split()) != 5:
        raise InvalidCron("Give five fields: minute, hour, day of month, month, day of week, such as 0 5 * * MON-FRI.")
    try:
        slots = CronSim(expression, _SAMPLE_FROM - timedelta(seconds=1))
    except CronSimError as fault:
        raise InvalidCron(f"{fault}: give minute, hour, day of month, month, day of week.") from None
    year = list(islice(takewhile(lambda slot: slot < _SAMPLE_FROM + timedelta(days=400), slots), _SAMPLE))
    if not year and next(iter(slots), None) is None:
        raise InvalidCron("That day does not exist.")
    if any(later - slot < MINIMUM for slot, later in pairwise(year)):
        raise InvalidCron(f"Leave {MINIMUM.total_seconds() / 60:.0f} minutes at least between two runs.")


def next_after(expression: str, zone: str, moment: datetime) -> datetime:
    """The first slot after ``moment``, in UTC. Raises InvalidCron when there is none in the next decades."""
    for slot in CronSim(expression, moment.astimezone(ZoneInfo(zone))):
        moment_of_slot = slot.astimezone(UTC)
        if moment_of_slot > moment:  # in the hour that comes twice, the first of them may be past
            return moment_of_slot
    raise InvalidCron("That day does not exist.")
