"""What lots are worth by neighborhood: dollars = level x area ^ elasticity. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from valuation.frames import Floats

_ELASTICITY = (0.2, 1.0)  # a larger lot is worth more, but never more for each square foot
_USUAL = 0.5  # where too few lots show it
_MIN_FOR_IT = 30


@dataclass(frozen=True)
class Lots:
    """``levels`` by neighborhood, where there were sales enough; ``sales`` are all that were used."""

    elasticity: float
    levels: Mapping[str, float]
    sales: int

    def worth(self, area: Floats, neighborhoods: npt.NDArray[np.object_]) -> Floats:
        """Dollars; NaN where the neighborhood or the lot area is not known."""
        level = np.array([self.levels.get(name, np.nan) for name in neighborhoods], dtype=float)
        with np.errstate(invalid="ignore"):
            return np.asarray(level * np.where(area > 0, area, np.nan) ** self.elasticity)


def learn(dollars: Floats, area: Floats, neighborhoods: npt.NDArray[np.object_], at_least: int) -> Lots:
    """From what land brought (or what was left for it, which may be below 0); medians of at least ``at_least``."""
    sound = np.isfinite(dollars) & (area > 0)
    frame = pd.DataFrame({"dollars": dollars[sound], "area": area[sound], "name": neighborhoods[sound]})
    elasticity = _elasticity(frame)
    frame["level"] = frame["dollars"] / frame["area"] ** elasticity
    levels = frame[frame["name"] != ""].groupby("name")["level"].agg(["median", "count"])
    levels = levels[(levels["count"] >= at_least) & (levels["median"] > 0)]
    return Lots(elasticity, {str(name): float(level) for name, level in levels["median"].items()}, len(frame))


def _elasticity(frame: pd.DataFrame) -> float:
    """The Theil-like median slope of log dollars on log area, within neighborhoods."""
    known = frame[frame["dollars"] > 0]
    logs = np.log(known[["dollars", "area"]])
    apart = logs - logs.groupby(known["name"]).transform("median")
    some = apart[apart["area"].abs() > 0.05]
    if len(some) < _MIN_FOR_IT:
        return _USUAL
    slope = float((some["dollars"] / some["area"]).median())
    return float(np.clip(slope, *_ELASTICITY))
