"""Several approaches made one value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from valuation import reconcile
from valuation.frames import Values, values_of


def held(error: float, count: int = 200, area: str = "N", seed: int = 1) -> pd.DataFrame:
    """Values that are off by ``error`` (a share of the price), up and down in turn, of dear and cheap homes alike."""
    price = 100_000.0 * 1.5 ** (np.arange(count) // 2 % 9 - 4)
    off = np.where(np.arange(count) % 2 == 0, 1 + error, 1 - error)
    return pd.DataFrame({"value": price * off, "price": price, "property_class": "R", "neighborhood": area})


def said(value: list[float], index: list[int] | None = None, **flags: Any) -> Values:
    figures = np.array(value)
    return values_of(
        index or list(range(len(value))),
        np.where(figures > 0, figures, 1),
        figures * 0.9,
        figures * 1.1,
        flags,
        {"no_comparables": figures <= 0},
    )


HOMES = pd.DataFrame({"property_class": ["R", "R", "R"], "neighborhood": ["N", "N", "S"]})


def test_the_better_one_weighs_more_by_the_square_of_its_error() -> None:
    weights = reconcile.weigh({"a": held(0.1), "b": held(0.2)})
    found = weights.apply({"a": said([100, 200, 300]), "b": said([110, 200, 300])}, HOMES)
    assert found.shares.loc[0].to_dict() == pytest.approx({"a": 0.8, "b": 0.2}, abs=0.03)
    assert found.values.values.loc[0, "value"] == pytest.approx(102, abs=0.3)
    assert (found.shares.sum(axis=1) == 1).all()
    assert [row["weight"] for row in weights.table()] == pytest.approx([0.8, 0.2], abs=0.03)
    assert [row["sales"] for row in weights.table()] == [200, 200]


def test_one_that_treats_dear_and_cheap_unlike_weighs_less() -> None:
    uneven = held(0.1)
    level = uneven["price"] / uneven["price"].median()
    uneven["value"] *= level**-0.12  # a home of twice the worth is valued some 8% lower
    even = held(float(np.mean(np.abs(uneven["value"] / uneven["price"] - 1))))  # as far off, all in all
    weights = reconcile.weigh({"even": even, "uneven": uneven})
    rows = {row["method"]: row for row in weights.table()}
    assert abs(rows["even"]["prb"]) < 0.01
    assert -0.10 < rows["uneven"]["prb"] < -0.06
    assert rows["even"]["weight"] == pytest.approx(1 - 1 / (2 + (rows["uneven"]["prb"] / 0.025) ** 2), abs=0.02)


def test_a_neighborhood_of_its_own() -> None:
    frames = {
        name: pd.concat([held(n), held(s, area="S")], ignore_index=True)
        for name, n, s in (("a", 0.1, 0.3), ("b", 0.3, 0.1))
    }
    found = reconcile.weigh(frames).apply({"a": said([1, 1, 1]), "b": said([1, 1, 1])}, HOMES)
    assert found.shares.loc[0, "a"] > 0.6
    assert found.shares.loc[2, "a"] < 0.4


def test_few_sales_say_little() -> None:
    frames = {
        "a": pd.concat([held(0.1), held(0.5, count=2, area="S")], ignore_index=True),
        "b": pd.concat([held(0.1), held(0.1, count=2, area="S")], ignore_index=True),
    }
    found = reconcile.weigh(frames).apply({"a": said([1, 1, 1]), "b": said([1, 1, 1])}, HOMES)
    assert 0.25 < found.shares.loc[2, "a"] < 0.45


def test_an_approach_without_evidence_counts_only_alone() -> None:
    weights = reconcile.weigh({"a": held(0.1), "b": None})
    found = weights.apply({"a": said([100, 0, 0]), "b": said([150, 150, 0])}, HOMES)
    assert found.values.values["value"].to_dict() == {0: 100.0, 1: 150.0}
    assert found.values.refused.to_dict() == {2: "no_approach"}
    assert found.values.flags.to_dict() == {0: ("one_approach",), 1: ("one_approach",)}


def test_flags_of_those_that_have_a_part_and_of_their_difference() -> None:
    weights = reconcile.weigh({"a": held(0.1), "b": held(0.1), "c": None})
    wide = np.array([True, False, False])
    values = {
        "a": said([100, 100, 100], wide_interval=wide),
        "b": said([150, 100, 0]),
        "c": said([1, 1, 1], far_from_sales=wide),
    }
    flags = weights.apply(values, HOMES).values.flags
    assert set(flags[0]) == {"wide_interval", "approaches_differ"}
    assert flags[1] == ()
    assert flags[2] == ("one_approach",)
    little = reconcile.weigh({"a": held(0.05), "b": held(0.3)})
    alike = little.apply({"a": said([100]), "b": said([500])}, HOMES.iloc[:1])
    assert alike.shares.loc[0, "b"] < 0.1
    assert alike.values.flags[0] == ()


def test_nobody() -> None:
    weights = reconcile.weigh({"a": None})
    assert weights.table() == []
    found = weights.apply({"a": said([])}, HOMES.iloc[:0])
    assert len(found.values.values) == 0
