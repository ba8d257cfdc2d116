"""The pure statistics beside other implementations of the same, and beside markets whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
import statsmodels.api as sm
from scipy import stats

from market_analysis.stats import seasonality
from market_analysis.stats.errors import InsufficientSales
from market_analysis.stats.growth import growth
from market_analysis.stats.hot_spots import hot_spots
from market_analysis.stats.similarity import compare


def test_growth_is_that_of_statsmodels_rlm() -> None:
    random = np.random.default_rng(1)
    days = np.sort(random.integers(0, 1500, 400))
    prices = np.exp(12 + np.log(1.07) * days / 365.25 + random.standard_t(3, 400) * 0.1)
    change = growth(prices, pd.Series(pd.Timestamp("2012-01-01") + pd.to_timedelta(days, "D")))
    oracle = sm.RLM(np.log(prices), sm.add_constant((days - days[0]) / 365.25)).fit()
    assert change.rate == pytest.approx(np.expm1(oracle.params[1]), rel=1e-5)
    half = stats.t.ppf(0.975, 398) * oracle.bse[1] * np.sqrt(400 / 398)
    ends = oracle.params[1] + np.array([-half, half])
    assert (change.low, change.high) == pytest.approx(tuple(np.expm1(ends)), rel=1e-4)
    assert change.low < 0.07 < change.high


def test_growth_says_what_it_takes() -> None:
    dates = pd.Series(pd.date_range("2012-01-01", periods=20, freq="D"))
    with pytest.raises(InsufficientSales, match="180 days; these are over 19"):
        growth(np.ones(20), dates)
    with pytest.raises(InsufficientSales, match="At least 10 sales are needed for a trend; found 3"):
        growth(np.ones(3), dates[:3])


def test_season_of_a_known_market() -> None:
    truth = 1 + 0.5 * np.sin(2 * np.pi * np.arange(12) / 12)
    counts = 100 * truth[(np.arange(72) + 3) % 12]  # from April on
    assert seasonality.factors(counts, 4) == pytest.approx(truth, rel=1e-9)
    with pytest.raises(InsufficientSales, match="At least 24 months are needed for a season; found 23"):
        seasonality.factors(counts[:23], 4)
    with pytest.raises(InsufficientSales, match="1 have none"):
        seasonality.factors(np.append(counts, 0), 4)


def _grid(size: int) -> np.ndarray:
    cells = [
        shapely.box(-122 + 0.01 * x, 47 + 0.01 * y, -122 + 0.01 * (x + 1), 47 + 0.01 * (y + 1))
        for y in range(size)
        for x in range(size)
    ]
    return np.array(cells, dtype=object)


def test_planted_spots_are_detected_and_the_formula_is_getis_and_ords() -> None:
    size = 12
    random = np.random.default_rng(1)
    values = random.normal(100, 5, size * size)
    block = [y * size + x for y in (2, 3, 4) for x in (2, 3, 4)]
    values[block] += 40
    values[[(size - 3) * size + size - 3 + x for x in (0, 1)]] -= 1
    spots = hot_spots(values, _grid(size))
    assert spots.spot[3 * size + 3] == "hot"
    assert spots.cluster[3 * size + 3] == "high-high"
    far = [at for at in range(size * size) if at % size > 6 and at // size > 6]
    assert sum(spots.spot[at] != "" for at in far) <= 2
    assert spots.neighbors[3 * size + 3] == 8
    # Ord and Getis (1995), equation 14, at the middle of the block.
    near = [y * size + x for y in (2, 3, 4) for x in (2, 3, 4)]
    n, w = size * size, len(near)
    spread = np.sqrt(np.mean(values**2) - values.mean() ** 2)
    z = (values[near].sum() - w * values.mean()) / (spread * np.sqrt((n * w - w**2) / (n - 1)))
    assert spots.z[3 * size + 3] == pytest.approx(z, rel=1e-9)
    assert spots.p[3 * size + 3] == pytest.approx(2 / 10_000)  # none of 9,999 permutations adds up to as much


def test_low_places_are_cold_though_prices_are_skewed() -> None:
    """A block of low values among log-normal ones: z cannot fall below -2, so the normal distribution sees none."""
    size, random = 20, np.random.default_rng(2)
    values = random.lognormal(0, 1, size * size)
    low, high = ([y * size + x for y in at for x in at] for at in (range(2, 6), range(13, 16)))
    values[low] *= 0.05
    values[high] *= 4
    verdicts = hot_spots(values, _grid(size), permutations=4999).spot
    assert "cold" in verdicts[[3 * size + 3, 3 * size + 4, 4 * size + 4]]
    assert verdicts[14 * size + 14] == "hot"


def test_false_discoveries_are_few_where_there_is_nothing() -> None:
    verdicts = [
        hot_spots(np.random.default_rng(seed).normal(100, 5, 144), _grid(12), permutations=999).spot
        for seed in range(20)
    ]
    assert sum(bool((spot != "").any()) for spot in verdicts) <= 4  # 5% of 20 is 1


def test_places_without_neighbors_have_no_figure() -> None:
    outlines = np.append(_grid(4), shapely.box(-100, 40, -99, 41))
    spots = hot_spots(np.linspace(1, 17, 17), outlines)
    assert spots.neighbors[-1] == 0
    assert np.isnan([spots.z[-1], spots.p[-1], spots.moran[-1]]).all()
    assert np.isfinite(spots.z[:-1]).all()
    near = hot_spots(np.linspace(1, 17, 17), outlines, weights="nearest", nearest=3)
    assert (near.neighbors == 3).all()


def test_hot_spots_say_what_they_take() -> None:
    with pytest.raises(InsufficientSales, match="10 places"):
        hot_spots(np.linspace(1, 9, 9), _grid(3))
    with pytest.raises(InsufficientSales, match="same figure"):
        hot_spots(np.ones(16), _grid(4))


def test_similarity_by_hand() -> None:
    features = np.array([[1.0, 10], [2, 10], [3, 20], [4, np.nan]])
    comparison = compare(features, 0, np.array([1.0, 3.0]))
    scale = 1.4826022 * np.array([1.0, 0.0])
    scale[1] = np.std([10, 10, 20])  # half of the places are equal
    second = np.sqrt((1 * (1 / scale[0]) ** 2) / 4)
    third = np.sqrt(((2 / scale[0]) ** 2 + 3 * (10 / scale[1]) ** 2) / 4)
    assert comparison.distance == pytest.approx([0, second, third, 3 / scale[0]], rel=1e-6)
    assert comparison.parts.sum(axis=1) == pytest.approx(comparison.distance**2)
    nothing = compare(np.array([[1.0, np.nan], [np.nan, 1.0]]), 0, np.ones(2))
    assert np.isnan(nothing.distance[1])
