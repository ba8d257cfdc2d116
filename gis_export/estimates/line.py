"""A line through what was measured: so much for each export, and so much for each record. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_PRIOR_AT, _PRIOR_WEIGHT = 1_000_000, 0.05
"""The point that stands for what is believed before anything was measured, and how little it counts beside one that
was: small exports, which are mostly their fixed part, tell nothing of large ones."""


@dataclass(frozen=True)
class Line:
    """``fixed`` + ``each`` * records."""

    fixed: float
    each: float

    def at(self, records: float) -> float:
        return self.fixed + self.each * records


def fit(measured: Sequence[tuple[int, float]], prior: Line) -> Line:
    """The line with no negative part whose relative errors have the least squares: ``measured`` holds records and what
    they came to. The prior itself where there is none."""
    import numpy as np
    from scipy.optimize import nnls

    points = [(n, y, 1.0) for n, y in measured if y > 0]
    if not points:
        return prior
    points.append((_PRIOR_AT, prior.at(_PRIOR_AT), _PRIOR_WEIGHT))
    records, values, weights = (np.array(column, dtype=float) for column in zip(*points, strict=True))
    scale = weights / values
    (fixed, each), _ = nnls(np.column_stack([scale, records * scale]), weights)
    return Line(float(fixed), float(each))
