"""When a cron expression is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terrafusion.jobs.errors import InvalidCron
from terrafusion.jobs.schedules.cron import MINIMUM, check, next_after

SEATTLE = "America/Los_Angeles"


def slots(expression: str, zone: str, start: str, number: int) -> list[str]:
    """In local time, without the year."""
    moment, moments = datetime.fromisoformat(start), []
    for _ in range(number):
        moment = next_after(expression, zone, moment)
        moments.append(moment)
    return [f"{slot:%m-%d %H:%M}" for slot in moments]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 5 * * MON-FRI", ["03-06 13:00", "03-09 12:00", "03-10 12:00"]),  # summer time began on the 8th
        ("30 2 * * *", ["03-06 10:30", "03-07 10:30", "03-08 10:00"]),  # 02:30 is left out: at 03:00, once
        ("0 6 1 * *", ["04-01 13:00", "05-01 13:00", "06-01 13:00"]),
        ("0 6 L * *", ["03-31 13:00", "04-30 13:00", "05-31 13:00"]),
        ("0 6 * * MON#1", ["04-06 13:00", "05-04 13:00", "06-01 13:00"]),
    ],
)
def test_slots_are_in_local_time(expression: str, expected: list[str]) -> None:
    assert slots(expression, SEATTLE, "2026-03-05T23:00:00+00:00", 3) == expected


def test_an_hour_that_comes_twice_is_due_once() -> None:
    # Summer time ends on 1 November 2026 at 09:00 UTC: 01:30 is at 08:30 and again at 09:30.
    assert slots("30 1 * * *", SEATTLE, "2026-10-31T12:00:00+00:00", 2) == ["11-01 08:30", "11-02 09:30"]
    # Asked amid the second of them.
    assert slots("30 1 * * *", SEATTLE, "2026-11-01T09:15:00+00:00", 1) == ["11-02 09:30"]
    # What is due each half hour stays so.
    assert slots("*/30 * * * *", SEATTLE, "2026-11-01T08:15:00+00:00", 3) == [
        "11-01 08:30",
        "11-01 09:00",
        "11-01 09:30",
    ]


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "daily",
        "* * * *",
        "0 0 5 * * *",  # seconds
        "60 * * * *",
        "0 5 * * MOON",
        "0 0 30 2 *",
        "0 0 30 FEB ?",
        "* * * * *",
        "*/10 * * * *",
        "0,10 5 1 1 *",
        "59,0 0,23 * * *",  # a minute before midnight, and midnight
        "59,0 0,23 31,1 1,2 *",
        "²  * * * *",
        "9" * 90 + " * * * *",
    ],
)
def test_expressions_that_are_refused(expression: str) -> None:
    with pytest.raises(InvalidCron, match=r"\w"):
        check(expression)


@pytest.mark.parametrize("expression", ["*/15 * * * *", "0 0 29 2 *", "0,15 5 * * sun", "0 6 LW * *", "5 4 * * 5L"])
def test_expressions_that_are_taken(expression: str) -> None:
    check(expression)


@given(
    minute=st.integers(0, 59),
    hours=st.sampled_from(["*", "*/6", "5", "1,2,3"]),
    days=st.sampled_from(["*", "1", "31", "L", "*/2"]),
    zone=st.sampled_from([SEATTLE, "UTC", "Australia/Lord_Howe", "America/St_Johns"]),
    moment=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
)
def test_slots_go_forward_by_the_least_time(minute: int, hours: str, days: str, zone: str, moment: datetime) -> None:
    expression = f"{minute} {hours} {days} * *"
    check(expression)
    first = next_after(expression, zone, moment)
    second = next_after(expression, zone, first)
    assert moment < first < second
    assert second - first >= timedelta(minutes=min(minute or 60, 30)) or second - first >= MINIMUM
    assert first.second == first.microsecond == 0
