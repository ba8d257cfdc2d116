"""A line through what was measured: so much for each export, and so much for each record. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_PRIOR_AT, _PRIOR_WEIGHT = 1_000_000, 0.05
"""The point that stands for what is believed before anything was measured, and how little it counts beside one that
was: small exports, which are mostly their fixed part, say nothing about large ones."""


_SINGULAR = 1e-9
"""Of two columns that are nearly the same, as where all exports had the same number of records."""


@dataclass(frozen=True)
class Line:
    """``fixed`` + ``each`` * records."""

    fixed: float
    each: float

    def at(self, records: float) -> float:
        return self.fixed + self.each * records


def fit(measured: Sequence[tuple[int, float]], prior: Line) -> Line:
    """The line with no negative part whose relative errors have the least squares: ``measured`` holds records and what
    they came to. The prior itself where there is none.

    Of two unknowns that must not be negative, by their normal equations: a library for it would stay in the memory of
    each web process with its first submission.
    """
    points = [(n, y, 1.0) for n, y in measured if y > 0]
    if not points:
        return prior
    points.append((_PRIOR_AT, prior.at(_PRIOR_AT), _PRIOR_WEIGHT))
    rows = [(weight / y, n * weight / y, weight) for n, y, weight in points]
    aa, bb = sum(a * a for a, _, _ in rows), sum(b * b for _, b, _ in rows)
    ab, ay, by = sum(a * b for a, b, _ in rows), sum(a * y for a, _, y in rows), sum(b * y for _, b, y in rows)
    determinant = aa * bb - ab * ab
    if determinant > _SINGULAR * aa * bb:
        line = Line((bb * ay - ab * by) / determinant, (aa * by - ab * ay) / determinant)
        if line.fixed >= 0 and line.each >= 0:
            return line
    # One of the two is 0: the other explains what it can, and the better of the two is taken.
    return Line(ay / aa, 0.0) if bb == 0 or ay * ay / aa >= by * by / bb else Line(0.0, by / bb)
