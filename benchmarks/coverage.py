"""``make bench-coverage``: how often intervals hold what they should, over random draws.

Writes build/bench/coverage.json. A simulation makes one draw and gives the share that each kind of interval held in it.
``REPLICATIONS`` (200) are made of each; ``ONLY`` picks simulations by a part of their names. What is known is saved as
it goes, and rows of simulations that were not run stay.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import coverage_market, coverage_values, platform
from terrafusion import env

Draw = Callable[[np.random.Generator], dict[str, float]]
"""One draw: by the name of an interval, the share of true figures inside it (0 or 1 where there is one)."""
_FILE = platform.RESULTS / "coverage.json"
_SAVED = 10  # draws after which what is known is saved


@dataclass(frozen=True)
class Simulation:
    """``confidence`` is what the intervals claim."""

    name: str
    confidence: float
    draw: Draw


def simulations() -> Iterator[Simulation]:
    """All of them, the quick ones first. Add a line for a new kind of interval."""
    for name, draw in coverage_market.draws():
        yield Simulation(name, coverage_market.CONFIDENCE, draw)
    for name, draw in coverage_values.draws():
        yield Simulation(name, coverage_values.CONFIDENCE, draw)


def run() -> None:
    """Each simulation with the same seeds, so that two versions see the same draws."""
    rows = {row["name"]: row for row in json.loads(_FILE.read_text())} if _FILE.exists() else {}
    replications, only = env.integer("REPLICATIONS", 200), env.text("ONLY", "")
    for simulation in simulations():
        if only not in simulation.name:
            continue
        held: dict[str, list[float]] = {}
        begun = time.perf_counter()
        for number in range(replications):
            for name, share in simulation.draw(np.random.default_rng(number)).items():
                held.setdefault(f"{simulation.name} {name}", []).append(share)
            if number + 1 < replications and (number + 1) % _SAVED:
                continue
            seconds = time.perf_counter() - begun
            rows |= {name: _row(name, simulation.confidence, shares, seconds) for name, shares in held.items()}
            platform.save("coverage", sorted(rows.values(), key=lambda row: str(row["name"])))
        for name in held:
            print(rows[name], flush=True)


def _row(name: str, confidence: float, shares: list[float], seconds: float) -> dict[str, Any]:
    """``coverage`` with its standard error over the draws, and the draws that held least."""
    held = np.array(shares)
    return {
        "name": name,
        "confidence": confidence,
        "draws": len(held),
        "coverage": round(float(held.mean()), 4),
        "error": round(float(held.std(ddof=1) / np.sqrt(len(held))), 4) if len(held) > 1 else None,
        "p05": round(float(np.quantile(held, 0.05)), 4),
        "least": round(float(held.min()), 4),
        "seconds": round(seconds, 1),
    }


if __name__ == "__main__":
    platform.main(run)
