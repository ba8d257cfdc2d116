"""The tables in force, as the frames that ``valuation.cost`` and ``valuation.income`` take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from django.db.models import Q

from valuation.models import SCHEDULES


@dataclass(frozen=True)
class RateTable:
    """Rows that were effective on a day or before, and how many of them are examples."""

    rows: pd.DataFrame
    examples: int

    def as_json(self) -> dict[str, Any]:
        return {"rows": len(self.rows), "examples": self.examples}


def read(kind: str, county_id: str, as_of: date, *, examples: bool = True) -> RateTable:
    """One of ``SCHEDULES``; may be empty. Without ``examples``: the county's own rows only."""
    model = SCHEDULES[kind]
    columns = ["effective_from", *model.key, *model.figures]
    entries = list(
        model._default_manager.filter(county=county_id, effective_from__lte=as_of)
        .filter(Q() if examples else Q(is_example=False))
        .order_by("effective_from", "pk")
        .values_list(*columns, "is_example")
    )
    frame = pd.DataFrame(entries, columns=[*columns, "is_example"])
    return RateTable(frame.drop(columns="is_example"), int(frame["is_example"].sum()) if len(frame) else 0)
