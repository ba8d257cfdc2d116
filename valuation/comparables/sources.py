"""Where each figure of a grid comes from, in words. Pure."""

from __future__ import annotations

from datetime import date
from typing import Any

from terrafusion.words import counted
from valuation.comparables.adjuster import TOGETHER, Adjuster
from valuation.comparables.items import LOCATION
from valuation.comparables.selection import LARGEST_UNEXPLAINED


def of(adjuster: Adjuster, facts: dict[str, Any], as_of: date) -> dict[str, str]:
    """By the grid's column; ``SalesComparison.schedule`` has the rates themselves."""
    sales = f"{counted(facts['sales'], 'sale')}, {facts['first_sale']} to {facts['last_sale']}"
    texts = {
        "time_factor": f"The market trend from the sale to {as_of}, by a hedonic index of the county's sales.",
        f"adjust_{LOCATION}": "What the fifty nearest sales brought above homes like them elsewhere, here and there; "
        f"by {sales}.",
        f"adjust_{TOGETHER}": "What characteristics and place do together, beyond the sum of their lines: the one "
        f"adjustment without a rate. Sales that need more than {LARGEST_UNEXPLAINED:.0%} of it are not used.",
    }
    rated = {entry["name"] for entry in adjuster.market.schedule()}
    for name in adjuster.names:
        if name in rated:
            texts[f"adjust_{name}"] = (
                "The market's rate for a unit, which differs by size (the rates of the sheet, with standard errors); "
                f"by {sales}."
            )
        else:
            texts.setdefault(f"adjust_{name}", f"What each kind brought beside the others nearby; by {sales}.")
    return texts
