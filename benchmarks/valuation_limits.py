"""What stands in the way of a lower COD, as figures that the benchmark of valuation makes anew each time.

The county's own values of Lucas are read here only, to be held against ours; no model sees them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from valuation import ratio

Floats = Any
_TRIMMED = (0.0, 0.01, 0.02, 0.05)
_METERS = 111_320.0
_NEIGHBORS = (15, 50, 150)
_GAPS = ((0, 1), (1, 2), (2, 3), (3, 5))  # years between two sales of a home


def beside_the_county(value: Floats, price: Floats, paid: Floats, county: Floats) -> dict[str, Any]:
    """Our values beside the county's own (``county``) on sales that were kept because of the county's ratios to what
    was ``paid``; ``price`` is that at the day of our values.

    ``same_selection`` drops as many shares of the level from our ratios as was dropped from the county's.
    ``errors_shared`` is the correlation of our error with how far the county's value is from ours, both in logs: what
    the county knew and the columns do not show. ``together`` is the COD of the geometric mean of both.
    """
    kept = county / paid
    level = float(np.median(kept))
    low, high = float(kept.min()), float(kept.max())
    ours = value / paid
    around = ours / np.median(ours)
    same = (around >= low / level) & (around <= high / level)
    plain = (ours >= low) & (ours <= high)
    away = np.abs(value / price / np.median(value / price) - 1)
    return {
        "county_ratios": {"lowest": round(low, 3), "median": round(level, 3), "highest": round(high, 3)},
        "county": {"cod": _cod(county, price), "cod_as_paid": _cod(county, paid)},
        "ours": {"cod": _cod(value, price), "cod_as_paid": _cod(value, paid)},
        "same_selection": _of(same, value, price),
        "selection_as_named": _of(plain, value, price),
        "trimmed": [_trimmed(share, value, county, price) for share in _TRIMMED],
        "half_off": {
            "sales": int((away > 0.5).sum()),
            "share_of_cod": round(float(away[away > 0.5].sum() / away.sum()), 3),
        },
        "errors_shared": round(float(np.corrcoef(np.log(price / value), np.log(county / value))[0, 1]), 3),
        "together": _cod(np.sqrt(value * county), price),
    }


def by_year(county: Floats, paid: Floats, dates: pd.Series[Any]) -> list[dict[str, Any]]:
    """The county's values against the sales of each year: lowest in the year that they are of."""
    year = dates.dt.year.to_numpy()
    return [
        {
            "year": int(one),
            "sales": int((year == one).sum()),
            "median": round(ratio.median(county[year == one], paid[year == one]), 3),
            "cod": _cod(county[year == one], paid[year == one]),
        }
        for one in np.unique(year)
    ]


def neighbors_known(test: pd.DataFrame, value: Floats, price: Floats) -> list[dict[str, Any]]:
    """The COD if each value knew how the sales of the test year around it (not its own) turned out: what a better map
    of prices could bring at most."""
    places = test[["longitude", "latitude"]].to_numpy() * _METERS
    places[:, 0] *= np.cos(np.radians(test["latitude"].mean()))
    error = np.log(price / value)
    near = KDTree(places).query(places, k=max(_NEIGHBORS) + 1)[1][:, 1:]
    rows = []
    for count in _NEIGHBORS:
        known = np.median(error[near[:, :count]], axis=1)
        cods = [ratio.cod(value * np.exp(share * known), price) for share in (0.25, 0.5, 0.75, 1.0)]
        rows.append({"neighbors": count, "cod": round(min(cods), 2)})
    return rows


def by_group(member: Any, value: Floats, price: Floats) -> dict[str, Any]:
    """The COD of homes that are members (homes that the county saw sold before), and of the others."""
    return {"yes": _of(member, value, price), "no": _of(~member, value, price)}


def resales(sales: pd.DataFrame, price: Floats) -> list[dict[str, Any]]:
    """Homes that sold twice, both prices at one day: ``cod`` is that of the earlier price as the value of the later
    one. Half of what the two prices differ by is the least that any value of the home could be off by on average."""
    frame = pd.DataFrame({"key": sales["parcel_number"], "date": sales["sale_date"], "price": price})
    frame = frame.sort_values(["key", "date"], kind="stable")
    before = frame.groupby("key")[["date", "price"]].shift()
    gap = (frame["date"] - before["date"]).dt.days / 365.25
    away = np.log(frame["price"] / before["price"])
    rows = []
    for low, high in _GAPS:
        some = ((gap > low) & (gap <= high)).to_numpy()
        change = away[some] - away[some].median()
        rows.append(
            {
                "years_apart": [low, high],
                "pairs": int(some.sum()),
                "least_error_percent": round(50 * float(np.abs(change).mean()), 2),
                "cod": _cod(before["price"][some].to_numpy(), frame["price"][some].to_numpy()),
            }
        )
    return rows


def _trimmed(share: float, value: Floats, county: Floats, price: Floats) -> dict[str, float]:
    """CODs without the lowest and the highest ratios, half of the ``share`` each."""
    return {"share": share, "ours": _inner(share, value, price), "county": _inner(share, county, price)}


def _inner(share: float, value: Floats, price: Floats) -> float:
    ratios = value / price
    low, high = np.quantile(ratios, [share / 2, 1 - share / 2])
    inside = (ratios >= low) & (ratios <= high)
    return _cod(value[inside], price[inside])


def _of(kept: Any, value: Floats, price: Floats) -> dict[str, Any]:
    return {"sales": int(kept.sum()), "cod": _cod(value[kept], price[kept])}


def _cod(value: Floats, price: Floats) -> float:
    return round(ratio.cod(value, price), 2)
