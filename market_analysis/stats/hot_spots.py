"""Where a figure is high or low among neighbors: Getis-Ord Gi* and local Moran's I, by esda.

- Gi*: Getis and Ord (1992), Ord and Getis (1995), with its z; local Moran's I: Anselin (1995).
- p of both is two-sided, from conditional permutations (Anselin 1995) with a fixed seed: prices are skewed, and the
  normal distribution of z would find high places too easily and low ones not at all.
- Many places are tested at once, so p is held against the threshold of the false discovery rate (Benjamini and
  Hochberg 1995; Caldas de Castro and Singer 2006).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from market_analysis.stats.errors import InsufficientSales
from market_analysis.stats.least_squares import Floats

if TYPE_CHECKING:
    from libpysal.graph import Graph

MIN_PLACES = 10
"""With fewer, the permutations say little."""
_TOUCH = 1e-5  # degrees, about a meter: outlines that come so near to each other are neighbors
_SEED = 1


@dataclass(frozen=True)
class HotSpots:
    """Of each place: ``z`` and ``p`` of Gi*, Moran's ``moran`` with ``moran_p``, the ``neighbors`` it has; and the
    verdicts: ``spot`` is hot, cold or empty, ``cluster`` is high-high, low-low, high-low, low-high or empty.
    ``threshold`` and ``moran_threshold`` are the p below which a place counts. Where ``neighbors`` is 0 all figures
    are NaN."""

    z: Floats
    p: Floats
    spot: npt.NDArray[np.object_]
    moran: Floats
    moran_p: Floats
    cluster: npt.NDArray[np.object_]
    neighbors: npt.NDArray[np.int64]
    threshold: float
    moran_threshold: float


def hot_spots(
    values: Floats,
    outlines: NDArray[Any],
    *,
    weights: Literal["touching", "nearest"] = "touching",
    nearest: int = 8,
    alpha: float = 0.05,
    permutations: int = 9_999,
) -> HotSpots:
    """``values`` are positive figures; ``outlines`` an array of shapely geometries in EPSG:4326.

    Raises InsufficientSales where fewer than 10 places have a neighbor, or all have the same figure.
    """
    from esda import G_Local, Moran_Local, fdr

    graph = _graph(outlines, weights, nearest)
    counts = graph.cardinalities.to_numpy()
    linked = np.flatnonzero(counts > 0)
    if len(linked) < MIN_PLACES:
        raise InsufficientSales(
            f"At least {MIN_PLACES} places with a figure and a neighbor with one are needed; found {len(linked)}."
        )
    known = values[linked]
    if np.ptp(known) == 0:
        raise InsufficientSales("All places have the same figure, so none stands out.")
    graph = _graph(outlines[linked], weights, nearest) if len(linked) < len(values) else graph
    local = G_Local(known, graph, transform="B", star=True, permutations=0)
    p = _permuted(known, graph, permutations)
    with warnings.catch_warnings():
        # It warns that p will be two-sided in esda's next major release; in this one it is doubled here.
        warnings.filterwarnings("ignore", "The alternative hypothesis", DeprecationWarning)
        moran = Moran_Local(known, graph, permutations=permutations, n_jobs=1, seed=_SEED, keep_simulations=False)
    moran_p = np.minimum(2 * moran.p_sim, 1)
    threshold, moran_threshold = float(fdr(p, alpha)), float(fdr(moran_p, alpha))
    spot = np.where(p <= threshold, np.where(local.Zs > 0, "hot", "cold"), "")
    names = np.array(["", "high-high", "low-high", "low-low", "high-low"])
    cluster = np.where(moran_p <= moran_threshold, names[moran.q], "")

    def whole(statistics: NDArray[Any], empty: float | str) -> NDArray[Any]:
        filled = np.full(len(values), empty, dtype=object if empty == "" else float)
        filled[linked] = statistics
        return filled

    return HotSpots(
        z=whole(local.Zs, np.nan),
        p=whole(p, np.nan),
        spot=whole(spot, ""),
        moran=whole(moran.Is, np.nan),
        moran_p=whole(moran_p, np.nan),
        cluster=whole(cluster, ""),
        neighbors=counts,
        threshold=threshold,
        moran_threshold=moran_threshold,
    )


def _permuted(values: Floats, graph: Graph, permutations: int) -> Floats:
    """p of Gi* with binary weights: how often places sampled at random, beside the place itself, add up to as much as
    its neighbors do, or to as little."""
    random = np.random.default_rng(_SEED)
    near = graph.adjacency.groupby(level=0)
    sums = np.bincount(
        graph.adjacency.index.get_level_values(0), values[graph.adjacency.index.get_level_values(1)], len(values)
    )
    counts = near.size().to_numpy()
    p = np.ones(len(values))
    for count in np.unique(counts):
        # The same draws serve all places with as many neighbors: they number the others, past the place itself.
        sampled = np.array([random.choice(len(values) - 1, count, replace=False) for _ in range(permutations)])
        for place in np.flatnonzero(counts == count):
            total = values[sampled + (sampled >= place)].sum(axis=1)
            high = (np.sum(total >= sums[place]) + 1) / (permutations + 1)
            low = (np.sum(total <= sums[place]) + 1) / (permutations + 1)
            p[place] = min(2 * min(high, low), 1)
    return p


def _graph(outlines: NDArray[Any], weights: str, nearest: int) -> Graph:
    import geopandas
    import shapely
    from libpysal.graph import Graph

    if weights == "touching":
        # Hexagons that were reprojected share no exact vertex, and outlines of layers are seldom without slivers.
        return Graph.build_fuzzy_contiguity(geopandas.GeoSeries(outlines), buffer=_TOUCH)
    centers = shapely.get_coordinates(shapely.centroid(outlines))
    scale = np.cos(np.radians(np.mean(centers[:, 1])))  # a degree of longitude in degrees of latitude
    return Graph.build_knn(centers * [scale, 1], k=min(nearest, len(centers) - 1))
