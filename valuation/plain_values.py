"""Results as JSON: no NaN, no infinity, figures rounded to what they mean."""

from __future__ import annotations

import math
from dataclasses import asdict, is_dataclass
from datetime import date
from typing import Any

import numpy as np

DIGITS = 6


def plain(found: Any, digits: int = DIGITS) -> Any:
    """Dataclasses, mappings, lists, numpy and date values as JSON holds them; null for what is not finite."""
    if is_dataclass(found) and not isinstance(found, type):
        return plain(asdict(found), digits)
    if isinstance(found, dict):
        return {str(name): plain(value, digits) for name, value in found.items()}
    if isinstance(found, list | tuple | set | frozenset | np.ndarray):
        return [plain(value, digits) for value in found]
    if isinstance(found, bool | np.bool_):
        return bool(found)
    if isinstance(found, int | np.integer):
        return int(found)
    if isinstance(found, float | np.floating):
        return _rounded(float(found), digits) if math.isfinite(found) else None
    if isinstance(found, date):
        return found.isoformat()
    return found


def _rounded(value: float, digits: int) -> float:
    """So many significant digits, and all digits of whole dollars."""
    if abs(value) >= 10**digits:
        return round(value, 2)
    return float(f"{value:.{digits}g}")
