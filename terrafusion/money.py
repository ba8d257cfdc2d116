"""Amounts rounded half up, as offices round money: Python and NumPy take a half to the even digit."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import numpy.typing as npt

_EXACT = 1e15
"""From here on a double has no digits behind the point that could be rounded."""


def half_up(amount: float, places: int = 0) -> float:
    """The amount to so many places, a half away from zero, by the digits that it is written with: 2.675 is 2.68."""
    if not math.isfinite(amount) or abs(amount) >= _EXACT:
        return float(amount)
    return float(Decimal(repr(float(amount))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)) + 0.0


def all_half_up(amounts: npt.NDArray[np.float64], places: int = 0) -> npt.NDArray[np.float64]:
    """Each amount to so many places, a half away from zero; NaN stays."""
    scale = 10.0**places
    rounded: npt.NDArray[np.float64] = np.copysign(np.floor(np.abs(amounts) * scale + 0.5) / scale, amounts)
    return rounded


def dollars(amount: float, places: int = 0) -> str:
    """Such as $1,235."""
    return f"${half_up(amount, places):,.{places}f}"
