"""A study of one year beside those of others. Pure: what builders of reports take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from valuation.ratio import RatioStudy


@dataclass(frozen=True)
class Year:
    """Values in effect on ``day`` against the sales from ``sales_from`` on, of a span as long as the study's own."""

    day: date
    sales_from: date
    study: RatioStudy
