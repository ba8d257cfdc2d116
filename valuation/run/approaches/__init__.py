"""The approaches to value, each made ready once for a run and then asked a chunk of parcels at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from valuation.frames import Values
from valuation.run.figures import Shown, applies, figure

if TYPE_CHECKING:
    import pandas as pd

    from valuation.mass_appraisal.holdout import Trial

Progress = Callable[[float], None]


@dataclass(frozen=True)
class ApproachResult:
    """Values of a chunk, and how each came about: ``lines`` of the calculation, ``comparables``, and ``reasons``, which
    are dollars of unrounded values."""

    values: Values
    lines: Shown = field(default_factory=dict)
    comparables: Shown = field(default_factory=dict)
    reasons: pd.DataFrame | None = None


class Approach(Protocol):
    """``calibration_sales``: the later sales that it was calibrated to (value, low, high, price ...), which give its
    weight. ``trial`` is the same one step earlier, evaluated on later sales that nothing of it has seen; None where
    there are too few sales."""

    @property
    def name(self) -> str: ...
    @property
    def calibration_sales(self) -> pd.DataFrame | None: ...
    @property
    def trial(self) -> Trial | None: ...
    def value(self, parcels: pd.DataFrame) -> ApproachResult: ...


def shown_lines(frame: pd.DataFrame) -> Shown:
    """The lines of each parcel, without those that do not apply to it."""
    return {
        key: {name: figure(value) for name, value in row.items() if applies(value)}
        for key, row in frame.to_dict("index").items()
    }
