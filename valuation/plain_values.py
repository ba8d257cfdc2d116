"""Results as JSON: no NaN, no infinity, figures rounded to what they mean."""

from __future__ import annotations

import math
from dataclasses import asdict, is_dataclass
from datetime import date
from typing import Any

import numpy as np

DIGITS = 6


def plain(figures: object, digits: int = DIGITS) -> Any:
    """Dataclasses, mappings, lists, numpy and date values as JSON holds them; null for what is not finite."""
    if is_dataclass(figures) and not isinstance(figures, type):
        return plain(asdict(figures), digits)
    if isinstance(figures, dict):
        return {str(name): plain(value, digits) for name, value in figures.items()}
    if isinstance(figures, list | tuple | set | frozenset | np.ndarray):
        return [plain(value, digits) for value in figures]
    if isinstance(figures, bool | np.bool_):
        return bool(figures)
    if isinstance(figures, int | np.integer):
        return int(figures)
    if isinstance(figures, float | np.floating):
        return _rounded(float(figures), digits) if math.isfinite(figures) else None
    if isinstance(figures, date):
        return figures.isoformat()
    return figures


def _rounded(value: float, digits: int) -> float:
    """So many significant digits, and all digits of whole dollars."""
    if abs(value) >= 10**digits:
        return round(value, 2)
    return float(f"{value:.{digits}g}")
