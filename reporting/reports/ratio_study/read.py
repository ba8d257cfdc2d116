"""Reads a ratio study."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from reporting.document.names import natural
from reporting.geometry import layer_outlines, to_feet
from reporting.reports.base import Content, Request
from reporting.reports.ratio_study.build import Study, build
from terrafusion import words
from valuation import studies, study_values
from valuation.earlier_years import earlier
from valuation.ratio import RatioStudy
from valuation.scope import ValuationScope
from valuation.study_groups import grouped, of_frame
from valuation.study_terms import CERTIFIED, CURRENT, PropertyKind

if TYPE_CHECKING:
    import pandas as pd

_VALUES = {CURRENT: "Values on record", CERTIFIED: "Certified values"}
_RESAMPLES = 200
NEIGHBORHOODS = "neighborhoods"
"""The layer that is drawn below sales, where a county has it."""


def read(request: Request, now: datetime) -> Content:
    study = study_of(request, request.values, with_earlier=True)
    measure = study.overall.measures.get("median")
    return Content(
        blocks=build(study),
        subtitle=f"{study.values} against sales, as of {words.day(study.valuation_date)}",
        rows=len(study.sales) * 8,
        facts={"sales": study.overall.sales, "median_ratio": measure.value if measure else None},
    )


def study_of(
    request: Request, asked: dict[str, Any], neighborhood: str | None = None, *, with_earlier: bool = False
) -> Study:
    """The study of parameters as ``StudyParameters`` has them, in the request's area or of one neighborhood."""
    day, first = _day(asked["valuation_date"]), _day(asked["sales_from"])
    assert day is not None and first is not None  # noqa: S101, PT018 - validate() sees to them
    wanted = studies.Wanted(
        county_id=request.county.pk,
        valuation_date=day,
        values=uuid.UUID(asked["valuation_job"]) if asked["valuation_job"] else asked["values"],
        sales_from=first,
        sales_to=_day(asked["sales_to"]),
        kind=PropertyKind(asked["property_kind"]) if asked["property_kind"] else None,
        scope=_scope(request, neighborhood),
    )
    market = studies.StudySales(wanted)
    studied = market.study_input(day, first, study_values.read(request.county.pk, wanted.values, day))
    sales, classes = studied.sales, wanted.classes()
    study = of_frame(sales, classes)

    def by(labels: list[str], order: Sequence[str] = ()) -> dict[str, RatioStudy]:
        groups = grouped(sales, labels, classes, resamples=_RESAMPLES)
        return {name: groups[name] for name in (order or sorted(groups, key=natural)) if name in groups}

    last = sales["sale_date"].max().date() if len(sales) else first
    return Study(
        overall=study.overall,
        trimmed=study.trimmed,
        by_class=study.by_class,
        groups={
            "Neighborhood": {name: study.by_neighborhood[name] for name in sorted(study.by_neighborhood, key=natural)},
            "Value tier": study.by_tier,
            "Age": by(_ages(sales, day), _AGE_ORDER) if "year_built" in sales else {},
            "Quarter of sale": by([f"{day.year} Q{(day.month + 2) // 3}" for day in sales["sale_date"]]),
        },
        sales=sales,
        screening=studied.screening,
        notes=studied.notes,
        balance=studied.balance,
        values="Values of a valuation run" if asked["valuation_job"] else _VALUES[asked["values"]],
        valuation_date=day,
        sales_from=first,
        sales_to=wanted.sales_to,
        earlier=tuple(earlier(wanted, market, last)) if with_earlier else (),
        places=_places(request, sales),
        outlines=layer_outlines(request.county, NEIGHBORHOODS),
        list_sales=asked.get("list_sales", False),
    )


def _scope(request: Request, neighborhood: str | None) -> ValuationScope | None:
    if neighborhood is not None:
        return ValuationScope(request.county, {"neighborhoods": [neighborhood]})
    return (
        ValuationScope(request.county, {"area_of_interest": request.area.notes}, request.area) if request.area else None
    )


def _places(request: Request, sales: pd.DataFrame) -> list[tuple[float, float, float]]:
    """Where the sales are, with their ratios over the level."""
    if not {"longitude", "latitude"} <= set(sales.columns) or not len(sales):
        return []
    longitude, latitude = (sales[name].to_numpy(dtype=float) for name in ("longitude", "latitude"))
    there = np.isfinite(longitude) & np.isfinite(latitude)
    x, y = to_feet(request.county, longitude[there], latitude[there])
    ratios = (sales["value"] / sales["level"] / sales["price"]).to_numpy(dtype=float)
    return [(float(a), float(c), float(r)) for a, c, r in zip(x, y, ratios[there], strict=True)]


_AGES = ((10, "up to 10 years"), (30, "11 to 30 years"), (60, "31 to 60 years"), (10_000, "over 60 years"))
_UNKNOWN_AGE = "unknown"
_AGE_ORDER = (*(text for _, text in _AGES), _UNKNOWN_AGE)


def _ages(sales: pd.DataFrame, day: date) -> list[str]:
    ages = day.year - sales["year_built"].to_numpy(dtype=float)
    return [
        _UNKNOWN_AGE if not np.isfinite(age) else next(text for max_age, text in _AGES if age <= max_age)
        for age in ages
    ]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
