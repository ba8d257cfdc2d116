"""Sales that the tests make up: a market whose true level is known."""

from __future__ import annotations

import numpy as np
import pandas as pd


def level(months: np.ndarray) -> np.ndarray:
    """Log level of the made-up market: 0.6% a month and a season of 2%."""
    return 0.006 * months + 0.02 * np.sin(2 * np.pi * months / 12)


def market(months: int = 48, sales: int = 40, *, noise: float = 0.1, seed: int = 1) -> pd.DataFrame:
    """Sales from January 2012 on, ``sales`` a month, of properties in four neighborhoods."""
    random = np.random.default_rng(seed)
    n = months * sales
    month = np.repeat(np.arange(months), sales)
    day = random.integers(1, 29, n)
    place = random.integers(0, 4, n)
    area = random.lognormal(7.4, 0.3, n).round()
    built = random.integers(1920, 2005, n)
    age = 2012 + month // 12 - built
    at = month + (day - 0.5) / 30
    log = 5.5 + 0.9 * np.log(area) + 0.1 * place - 0.003 * age + level(at) + random.normal(0, noise, n)
    return pd.DataFrame(
        {
            "sale": np.arange(n),
            "parcel_number": [f"P{number}" for number in random.integers(0, n // 2, n)],
            "sale_date": pd.to_datetime({"year": 2012 + month // 12, "month": month % 12 + 1, "day": day}),
            "sale_price": np.exp(log).round(),
            "living_area_sqft": area,
            "year_built": built.astype(float),
            "neighborhood": pd.Categorical([f"N{number}" for number in place]),
            "property_class": pd.Categorical(["R"] * n),
            "longitude": -122 + 0.02 * (place % 2) + random.uniform(0, 0.018, n),
            "latitude": 47 + 0.02 * (place // 2) + random.uniform(0, 0.018, n),
        }
    )
