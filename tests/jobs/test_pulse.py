"""When a cluster counts as stuck, with a clock of the test's own. Times are in seconds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from terrafusion.jobs import canary, pulse

INTERVAL, PATIENCE = 10, 60


class Watched:
    """A cluster as its pulse sees it: one queue, and workers that are all busy or not."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.recorded_at, self.sent = 1000.0, None, 0
        self.busy = False
        monkeypatch.setattr(
            canary, "age", lambda name: None if self.recorded_at is None else self.now - self.recorded_at
        )
        monkeypatch.setattr(canary, "send", self._send)
        self.pulse = pulse.Pulse("short", lambda: self.busy)

    def _send(self, name: str) -> None:
        self.sent += 1

    def record_activity(self) -> None:
        self.recorded_at = self.now  # type: ignore[assignment]

    def lost_within(self, seconds: int, *, singing: bool = False) -> int | None:
        """After how many seconds the pulse is lost; None when it is not."""
        for second in range(seconds):
            self.now += 1
            if self.pulse.is_lost(self.now):
                return second + 1
            if singing:
                self.record_activity()
        return None


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Watched:
    settings.CANARY_INTERVAL, settings.CANARY_STALE_AFTER = INTERVAL, PATIENCE
    return Watched(monkeypatch)


def test_a_cluster_that_answers_is_never_lost(watched: Watched) -> None:
    assert watched.lost_within(3600, singing=True) is None
    assert watched.sent == pytest.approx(3600 / INTERVAL, rel=0.15)


def test_one_that_no_longer_answers_is(watched: Watched) -> None:
    watched.lost_within(100, singing=True)
    assert PATIENCE <= (watched.lost_within(3600) or 0) <= PATIENCE + INTERVAL + 1


def test_a_song_of_the_future_is_no_sign_of_life(watched: Watched) -> None:
    """The clock was set back by an hour since."""
    watched.lost_within(100, singing=True)
    watched.recorded_at = watched.now + 3600  # type: ignore[assignment]
    assert PATIENCE <= (watched.lost_within(1800) or 0) <= PATIENCE + INTERVAL + 1


def test_the_moment_between_two_long_jobs_proves_nothing(watched: Watched) -> None:
    """However long the first one was, and whatever waits behind: this restarted healthy clusters."""
    watched.lost_within(100, singing=True)
    for _ in range(5):
        watched.busy = True
        assert watched.lost_within(600) is None
        watched.busy = False  # its worker is replaced, and the next one takes its time
        assert watched.lost_within(PATIENCE - 2) is None


def test_idle_workers_behind_a_long_job_are_detected(watched: Watched) -> None:
    watched.lost_within(100, singing=True)
    watched.busy = True
    watched.lost_within(600)
    watched.busy = False
    assert watched.lost_within(600) == pytest.approx(PATIENCE, abs=2)


def test_canaries_do_not_pile_up_behind_a_long_job(watched: Watched) -> None:
    watched.busy = True
    watched.lost_within(3600)
    assert watched.sent == 1


def test_an_unavailable_database_proves_nothing(watched: Watched) -> None:
    """No canary task could run, and none could be sent."""
    watched.lost_within(100, singing=True)
    watched.busy = True
    watched.lost_within(100)
    watched.busy = False
    for _ in range(600):
        watched.now += 1
        watched.pulse.unknown(watched.now)
    assert watched.lost_within(PATIENCE - 2) is None


def test_a_canary_that_the_broker_has_lost_is_sent_again(watched: Watched) -> None:
    watched.lost_within(100, singing=True)
    before = watched.sent
    watched.lost_within(PATIENCE)
    assert watched.sent - before == 2


def test_a_slow_start_is_waited_for(watched: Watched, settings: Any) -> None:
    settings.CANARY_STALE_AFTER = 5
    assert watched.lost_within(3600) == pytest.approx(pulse.START_GRACE, abs=2)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, PATIENCE - 2)), max_size=30))
@example([(False, PATIENCE // 2 + 1), (False, PATIENCE // 2)])  # sung just when the canary was sent a second time
def test_no_history_of_shorter_pauses_restarts_a_cluster(spells: list[tuple[bool, int]]) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        watched = Watched(monkeypatch)
        for busy, seconds in spells:
            watched.busy = busy
            assert watched.lost_within(seconds) is None
            watched.record_activity()  # the next task is taken
