"""Intervals of medians and means beside tables, Student's, and resampling done the long way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from market_analysis.stats import intervals


@pytest.mark.parametrize(("n", "ends"), [(6, (0, 5)), (8, (0, 7)), (9, (1, 7)), (15, (3, 11)), (20, (5, 14))])
def test_interval_of_the_median_is_that_of_the_tables(n: int, ends: tuple[int, int]) -> None:
    """Conover (1999), table A3, and any table of the sign test: 95% intervals from the 1st, 2nd, 4th, 6th value."""
    sample = np.random.default_rng(n).permutation(np.arange(n, dtype=float))
    assert intervals.median(sample) == ends


def test_small_samples_have_no_interval_or_a_wide_one() -> None:
    """Bootstrap percentiles of 5 to 10 prices hold .82 to .88 of the medians and means, and expanded ones .89."""
    assert intervals.median(np.arange(5.0)) is None
    for none in ([3.0], [3.0, 4.0], [3.0] * 8, [3.0] * 7 + [4.0]):
        assert intervals.mean(np.array(none)) is None
    random = np.random.default_rng(3)
    samples = np.exp(random.normal(12, 0.5, (300, 6)))
    medians = [low <= np.exp(12) <= high for low, high in filter(None, map(intervals.median, samples))]
    means = [low <= np.exp(12 + 0.125) <= high for low, high in filter(None, map(intervals.mean, samples))]
    assert len(medians) == len(means) == 300
    assert np.mean(medians) > 0.92
    assert np.mean(means) > 0.91


def test_interval_of_the_mean_of_many_is_students_and_always_the_same() -> None:
    sample = np.random.default_rng(1).lognormal(13, 0.4, 300)
    ends = intervals.mean(sample)
    assert ends == intervals.mean(sample)
    half = stats.t.ppf(0.975, 299) * sample.std(ddof=1) / np.sqrt(300)
    assert ends == pytest.approx((sample.mean() - half, sample.mean() + half), rel=0.01)


@given(st.lists(st.floats(1, 1e9), min_size=1, max_size=40), st.floats(0.5, 0.999))
def test_interval_of_the_median_holds_the_median(values: list[float], confidence: float) -> None:
    ends = intervals.median(np.array(values), confidence)
    assert ends is None or ends[0] <= np.median(values) <= ends[1]


@pytest.mark.parametrize(("n", "confidence", "ends"), [(2, 0.5, (0, 1)), (3, 0.75, (0, 2)), (5, 0.625, (1, 3))])
def test_ends_that_hold_the_median_exactly_as_often_as_asked(n: int, confidence: float, ends: tuple[int, int]) -> None:
    """All of 2 or 3 values, or all but one of 5, lie on one side of it in what may be left out of samples."""
    assert intervals.median(np.arange(float(n)), confidence) == ends


def _the_long_way(sample: np.ndarray, count: int, confidence: float) -> tuple[float, float]:
    """Each resample's error in its own standard errors; the ends are the sample's own, as far off the other way."""
    n, center = len(sample), sample.mean()
    scores = []
    for places in np.random.default_rng(20_130_413).integers(0, n, (count, n)):
        resampled = sample[places]
        mean, spread = resampled.mean(), resampled.std(ddof=1)
        log = math.log(mean / center)
        scores.append(log * mean * math.sqrt(n) / spread if np.ptp(resampled) else math.copysign(math.inf, log))
    scores.sort()
    error = stats.sem(sample) / center
    low, high = (scores[math.ceil(share * count) - 1] for share in ((1 - confidence) / 2, (1 + confidence) / 2))
    return center * math.exp(-high * error), center * math.exp(-low * error)


@pytest.mark.parametrize(("n", "count"), [(49, 9_999), (50, 999)])
def test_interval_of_the_mean_is_what_resampling_gives(n: int, count: int) -> None:
    """Of few values more resamples are taken than were asked for."""
    sample = np.random.default_rng(n).lognormal(12, 0.5, n)
    assert intervals.mean(sample, 0.9) == pytest.approx(_the_long_way(sample, count, 0.9), rel=1e-9)


def test_as_many_resamples_as_are_asked_for() -> None:
    sample = np.random.default_rng(2).lognormal(12, 0.5, 60)
    for count in range(60, 160):  # each ends with another resample
        assert intervals.mean(sample, 0.95, count) == pytest.approx(_the_long_way(sample, count, 0.95), rel=1e-9)
    assert intervals.mean(sample[:9], 0.95, 10_100) == pytest.approx(_the_long_way(sample[:9], 10_100, 0.95), rel=1e-9)


def test_values_between_two_that_are_one_apart_have_an_interval() -> None:
    """Only equal ones have none."""
    assert intervals.mean(np.linspace(3, 4, 20)) is not None


@pytest.mark.parametrize("draws", [1, 500])
def test_resamples_at_once_change_no_interval(monkeypatch: pytest.MonkeyPatch, draws: int) -> None:
    sample = np.random.default_rng(2).lognormal(12, 0.5, 60)
    whole = intervals.mean(sample, 0.95, 250)
    monkeypatch.setattr(intervals, "_DRAWS", draws)
    assert intervals.mean(sample, 0.95, 250) == whole
