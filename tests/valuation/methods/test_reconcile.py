"""Several approaches made one value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from valuation import reconcile
from valuation.frames import Values, values_of


def held(error: float, turn: int = 1, count: int = 2000, area: str = "N") -> pd.DataFrame:
    """Values that are off by ``error`` in logs, up and down in turn, each ``turn`` times; errors of different powers of
    two are independent."""
    price = 100_000.0 * 1.5 ** (np.arange(count) // 8 % 9 - 4)
    value = price * np.exp(np.where(np.arange(count) // turn % 2 == 0, error, -error))
    ends = {"low": value * np.exp(-2 * error), "high": value * np.exp(2 * error)}
    return pd.DataFrame({"value": value, **ends, "price": price, "property_class": "R", "neighborhood": area})


def said(value: list[float], index: list[int] | None = None, **flags: Any) -> Values:
    figures = np.array(value)
    return values_of(
        pd.Index(index or range(len(value))),
        np.where(figures > 0, figures, 1),
        figures * 0.9,
        figures * 1.1,
        flags,
        {"no_comparables": figures <= 0},
    )


HOMES = pd.DataFrame({"property_class": ["R", "R", "R"], "neighborhood": ["N", "N", "S"]})


def shares(frames: dict[str, pd.DataFrame], row: int = 0) -> dict[str, float]:
    """The weights of the approaches of ``frames`` in the value of a home of ``HOMES``."""
    reconciled = reconcile.weigh(frames).apply({name: said([1, 1, 1]) for name in frames}, HOMES)
    return {str(name): float(share) for name, share in reconciled.shares.loc[row].items()}


def test_the_better_one_weighs_more_by_the_square_of_its_error() -> None:
    weights = reconcile.weigh({"a": held(0.1), "b": held(0.2, turn=2)})
    reconciled = weights.apply({"a": said([100, 200, 300]), "b": said([110, 200, 300])}, HOMES)
    assert reconciled.shares.loc[0].to_dict() == pytest.approx({"a": 0.8, "b": 0.2}, abs=0.01)
    assert reconciled.values.values.loc[0, "value"] == pytest.approx(102, abs=0.1)
    assert (reconciled.shares.sum(axis=1) == 1).all()
    assert [row["weight"] for row in weights.table()] == pytest.approx([0.8, 0.2], abs=0.01)
    assert [row["sales"] for row in weights.table()] == [2000, 2000]


def noisy(frame: pd.DataFrame, error: float = 0.2) -> pd.DataFrame:
    """The same with prices that are off by ``error`` in logs, the same in each frame and independent of its errors."""
    return frame.assign(price=frame["price"] * np.exp(np.where(np.arange(len(frame)) // 4 % 2 == 0, error, -error)))


def test_what_all_err_together_changes_no_weight() -> None:
    plain = {"a": held(0.05), "b": held(0.1, turn=2)}
    together = {name: noisy(frame) for name, frame in plain.items()}
    assert shares(together) == pytest.approx(shares(plain), abs=0.01)
    assert shares(plain)["a"] == pytest.approx(0.8, abs=0.03)


def test_what_only_repeats_another_with_more_error_has_no_part() -> None:
    assert shares({"a": held(0.1), "b": held(0.2)}) == {"a": 1.0, "b": 0.0}


def test_of_three_two_that_are_alike_count_as_one() -> None:
    of_each = shares({"a": held(0.1), "twin": held(0.1), "c": held(0.1, turn=2)})
    assert of_each["a"] + of_each["twin"] == pytest.approx(of_each["c"], abs=0.02)
    assert of_each["a"] == pytest.approx(of_each["twin"])


def test_few_sales_keep_weights_near_equal_ones() -> None:
    few = {"a": noisy(held(0.05, count=40)), "b": noisy(held(0.1, turn=2, count=40))}
    many = {"a": noisy(held(0.05)), "b": noisy(held(0.1, turn=2))}
    assert 0.55 < shares(few)["a"] < shares(many)["a"] - 0.05
    clear = {"a": held(0.05, count=40), "b": held(0.3, turn=2, count=40)}
    assert shares(clear)["a"] > 0.95


def test_a_neighborhood_of_its_own() -> None:
    frames = {
        name: pd.concat([held(n, turn), held(s, turn, area="S")], ignore_index=True)
        for name, turn, n, s in (("a", 1, 0.1, 0.3), ("b", 2, 0.3, 0.1))
    }
    assert shares(frames, 0)["a"] > 0.8
    assert shares(frames, 2)["a"] < 0.2


def test_few_sales_of_a_neighborhood_say_little() -> None:
    frames = {
        "a": pd.concat([held(0.1), held(0.5, count=2, area="S")], ignore_index=True),
        "b": pd.concat([held(0.1, turn=2), held(0.1, turn=2, count=2, area="S")], ignore_index=True),
    }
    assert 0.4 < shares(frames, 2)["a"] < 0.5


@pytest.mark.parametrize("seed", range(20))
def test_weights_of_whatever_the_approaches_value(seed: int) -> None:
    random = np.random.default_rng(seed)
    known = random.random((3, 300)) < random.uniform(0.05, 1, (3, 1))
    off = random.normal(0, random.uniform(0.01, 2, (3, 1)), (3, 300))
    frames = {
        name: (held(0.1, count=300).assign(value=1e5 * np.exp(error), price=1e5))[there]
        for name, there, error in zip("abc", known, off, strict=True)
    }
    weights = reconcile.weigh(frames)
    homes = pd.concat([HOMES] * 4, ignore_index=True)
    there = np.array([[(row >> place) & 1 for place in range(3)] for row in range(12)], dtype=float)
    reconciled = weights.apply({name: said(list(there[:, place] * 100)) for place, name in enumerate("abc")}, homes)
    parts = reconciled.shares.to_numpy()
    assert (parts >= 0).all()
    assert parts.sum(axis=1) == pytest.approx(1)
    assert (parts[there[reconciled.shares.index] == 0] == 0).all()


def test_an_approach_without_evidence_counts_only_alone() -> None:
    weights = reconcile.weigh({"a": held(0.1), "b": None})
    reconciled = weights.apply({"a": said([100, 0, 0]), "b": said([150, 150, 0])}, HOMES)
    assert reconciled.values.values["value"].to_dict() == {0: 100.0, 1: 150.0}
    assert reconciled.values.refused.to_dict() == {2: "no_approach"}
    assert reconciled.values.flags.to_dict() == {0: ("one_approach",), 1: ("one_approach",)}


def test_flags_of_those_that_have_a_part_and_of_their_difference() -> None:
    weights = reconcile.weigh({"a": held(0.1), "b": held(0.1, turn=2), "c": None})
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
    little = reconcile.weigh({"a": held(0.05), "b": held(0.3, turn=2)})
    alike = little.apply({"a": said([100]), "b": said([500])}, HOMES.iloc[:1])
    assert alike.shares.loc[0, "b"] < 0.1
    assert alike.values.flags[0] == ()


def test_nobody() -> None:
    weights = reconcile.weigh({"a": None})
    assert weights.table() == []
    reconciled = weights.apply({"a": said([])}, HOMES.iloc[:0])
    assert len(reconciled.values.values) == 0
