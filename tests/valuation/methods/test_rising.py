"""More area, lot, bedrooms or bathrooms never counts against a home where its value is explained."""

from __future__ import annotations

import numpy as np
import pytest

from valuation.mass_appraisal import reasons

NAMES = ["living_area_sqft", "bedrooms", "stories"]


@pytest.fixture(scope="module")
def homes() -> tuple[np.ndarray, np.ndarray]:
    """Where, with the area held fixed, each bedroom and each storey takes 4 % away."""
    random = np.random.default_rng(3)
    bedrooms, stories = random.integers(1, 7, 3000), random.integers(1, 4, 3000)
    area = 500 + 350 * bedrooms + random.normal(0, 250, 3000)
    own = np.column_stack([area, bedrooms, stories]).astype(float)
    return own, 8 + 0.6 * np.log(area) - 0.04 * bedrooms - 0.04 * stories + random.normal(0, 0.1, 3000)


def test_reasons(homes: tuple[np.ndarray, np.ndarray]) -> None:
    own, log_price = homes
    explained = reasons.learn(own, NAMES, log_price, 0)
    dollars = dict(zip(explained.names, explained.dollars(own, log_price).T, strict=True))
    usual = np.exp(np.median(log_price))
    assert dollars["bedrooms"][own[:, 1] >= 5].min() > -0.005 * usual
    assert dollars["stories"][own[:, 2] == 3].max() < 0
    assert np.allclose(sum(dollars.values()), np.exp(log_price))
