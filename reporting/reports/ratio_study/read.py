"""Reads a ratio study."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

import numpy as np

from reporting.geometry import layer_outlines, to_feet
from reporting.reports.base import Content, Request
from reporting.reports.ratio_study.build import Study, build
from valuation import ratio, studies
from valuation.scope import Scope
from valuation.study_terms import PropertyKind

NEIGHBORHOODS = "neighborhoods"
"""The layer that is drawn below sales, where a county has it."""


def read(request: Request, now: datetime) -> Content:
    asked = request.values
    found = study_of(request, asked)
    kind = "Values of a valuation run" if asked["valuation_job"] else f"{asked['values'].capitalize()} values"
    measure = found.overall.measures.get("median")
    return Content(
        blocks=build(found),
        subtitle=f"{kind} against sales, as of {asked['valuation_date']}",
        rows=len(found.sales) * 8,
        facts={"sales": found.overall.sales, "median_ratio": measure.value if measure else None},
    )


def study_of(request: Request, asked: dict[str, Any], neighborhood: str | None = None) -> Study:
    """The study of parameters as ``StudyParameters`` has them, in the request's area or of one neighborhood."""
    kind = PropertyKind(asked["property_kind"])
    day = _day(asked["valuation_date"])
    assert day is not None  # noqa: S101 - validate() sees to it
    wanted = studies.Wanted(
        county_id=request.county.pk,
        valuation_date=day,
        values=uuid.UUID(asked["valuation_job"]) if asked["valuation_job"] else asked["values"],
        sales_from=_day(asked["sales_from"]),
        sales_to=_day(asked["sales_to"]),
        kind=kind,
        scope=_scope(request, neighborhood),
    )
    judged = studies.judge(wanted)
    sales = judged.sales
    study = studies.of_frame(sales, kind)
    value, price = sales["value"].to_numpy(dtype=float), sales["price"].to_numpy(dtype=float)

    def grouped(names: list[str]) -> dict[str, ratio.RatioStudy]:
        return ratio.study_by_group(value, price, names, kind, resamples=200)

    quarters = [f"{day.year} Q{(day.month + 2) // 3}" for day in sales["sale_date"]]
    return Study(
        overall=study.overall,
        trimmed=study.trimmed,
        groups={
            "Class": study.by_class,
            "Neighborhood": study.by_neighborhood,
            "Tier of worth": study.by_tier,
            "Age": grouped(_ages(sales, day)) if "year_built" in sales else {},
            "Quarter of sale": grouped(quarters),
        },
        sales=sales,
        screening=judged.screening,
        notes=judged.notes,
        balance=judged.balance,
        valuation_date=day,
        places=_places(request, sales, value / price),
        outlines=layer_outlines(request.county, NEIGHBORHOODS),
        list_sales=asked.get("list_sales", False),
    )


def _scope(request: Request, neighborhood: str | None) -> Scope | None:
    if neighborhood is not None:
        return Scope(request.county, {"neighborhoods": [neighborhood]})
    return Scope(request.county, {"area_of_interest": request.area.notes}, request.area) if request.area else None


def _places(request: Request, sales: Any, ratios: Any) -> list[tuple[float, float, float]]:
    if not {"longitude", "latitude"} <= set(sales.columns) or not len(sales):
        return []
    longitude, latitude = (sales[name].to_numpy(dtype=float) for name in ("longitude", "latitude"))
    there = np.isfinite(longitude) & np.isfinite(latitude)
    x, y = to_feet(request.county, longitude[there], latitude[there])
    return [(float(a), float(c), float(r)) for a, c, r in zip(x, y, ratios[there], strict=True)]


_AGES = ((10, "up to 10 years"), (30, "11 to 30 years"), (60, "31 to 60 years"), (10_000, "over 60 years"))


def _ages(sales: Any, day: date) -> list[str]:
    ages = day.year - sales["year_built"].to_numpy(dtype=float)
    return ["unknown" if not np.isfinite(age) else next(text for most, text in _AGES if age <= most) for age in ages]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
