"""Money is rounded half up, wherever it is shown or stored."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from reporting.document.blocks import Kind
from reporting.document.texts import shown
from terrafusion import money
from valuation.mass_appraisal.reasons import reasons_in_dollars
from valuation.run import rounding


def test_halves_go_up() -> None:
    assert [shown(amount, Kind.MONEY) for amount in (0.5, 1.5, 2.5, 1234.5, -2.5, -0.4)] == [
        *("$1", "$2", "$3", "$1,235", "-$3", "$0"),
    ]
    assert shown(2.675, Kind.MONEY, 2) == "$2.68"  # whose double is a little less
    assert money.dollars(1_000_000.5) == "$1,000,001"
    assert [money.half_up(amount) for amount in (1e300, math.inf, -0.2)] == [1e300, math.inf, 0]
    assert rounding.nearest(np.array([450.0, 550.0, 250.5]), 100).tolist() == [500, 600, 300]
    assert rounding.lines(np.array([[0.5, 2.5], [1.4, 7.0]]), np.array([4.0, 8.0])).tolist() == [[1, 3], [1, 7]]
    reasons = pd.Series({"base": 100.0, "size": 2.5, "age": -0.5})
    assert reasons_in_dollars(reasons, 102) == {"base": 100, "size": 3, "age": -1}
