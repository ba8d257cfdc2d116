"""A request's sales out of the database, screened and cut to the period."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection
from psycopg import sql

from market_analysis.errors import NoSales
from terrafusion.records.models import County, Sale
from terrafusion.records.sales import frame
from terrafusion.records.sales.frame import SalesQuery
from terrafusion.records.sales.screening import REASONS, screen
from terrafusion.words import counted

if TYPE_CHECKING:
    import pandas as pd

    from market_analysis.analyses.market import Market
    from market_analysis.request import MarketRequest, Period

MAX_PERIODS = 2_400

_SCREENED_ONLY = ("deed_code", "validity_code", "multi_parcel")
_SCREENED = (
    *_SCREENED_ONLY,
    "parcel_number",
    "sale_date",
    "sale_price",
    "property_class",
    "living_area_sqft",
    "year_built",
    "effective_year_built",
)


def market(request: MarketRequest, tick: Callable[[], None], report_progress: Callable[[float, str], None]) -> Market:
    """Raises ``NoSales`` where nothing is left to analyze, saying what became of the sales that were read."""
    from market_analysis.analyses.market import Market
    from market_analysis.stats import periods

    sales = frame.read(_query(request))
    tick()
    reasons = screen(sales, request.rules, request.as_of).reasons.astype("category")
    # Of a million sales each column is some MB: what is not used any more is let go.
    start, end = request.period.start, request.period.end
    inside = _within(sales["sale_date"], start, end)
    if "inside" in sales:
        inside &= sales.pop("inside")
    sales = sales.drop(columns=[*(set(_SCREENED_ONLY) - set(request.analysis.columns))])
    if not inside.all():
        sales, reasons = sales[inside], reasons[inside]
    read = sales[["sale_date", "sale_price", "place"]].assign(reason=reasons)
    kept = sales[reasons == ""]
    del sales
    frame.release()
    if kept.empty:
        raise NoSales(_nothing_left(read))
    if (kept["place"] == "").all():
        raise NoSales(f"None of the {counted(len(kept), 'valid sale')} lies in a place of {request.geography.text}.")
    first = start or kept["sale_date"].min().date()
    last = end or kept["sale_date"].max().date()
    step = request.period.step
    if periods.of_date(last, step) - periods.of_date(first, step) >= MAX_PERIODS:
        raise NoSales(f"From {first} to {last} are more than {MAX_PERIODS} periods: ask for a shorter span.")
    return Market(
        title=str(request.county),
        sales=kept,
        read=read,
        step=step,
        first=first,
        last=last,
        is_county=request.geography.is_county,
        stock=lambda: stock(request),
        outlines=lambda keys: outlines(request, keys),
        tick=tick,
        report_progress=report_progress,
    )


def estimate(county: County, period: Period) -> int:
    """How many sales the planner's statistics expect to be read; no row is."""
    rows = Sale.objects.filter(county=county)
    if period.start:
        rows = rows.filter(sale_date__gte=period.start)
    if period.end:
        rows = rows.filter(sale_date__lte=period.end)
    (plan,) = json.loads(rows.values("pk").order_by().explain(format="json"))
    return int(plan["Plan"]["Plan Rows"])


def excluded(read: pd.DataFrame) -> list[dict[str, Any]]:
    """The exclusions of a market's ``read`` sales, counted by reason."""
    counts = read["reason"].value_counts()
    return [
        {"reason": name, "sales": int(counts[name]), "meaning": meaning}
        for name, meaning in REASONS.items()
        if counts.get(name, 0)
    ]


def stock(request: MarketRequest) -> dict[str, int]:
    """The parcels of each place, of the classes and inside the area that were asked for."""
    conditions = [sql.SQL("p.county_id = {}").format(request.county.pk)]
    if request.property_classes:
        conditions.append(sql.SQL("p.property_class = ANY({})").format(request.property_classes))
    if (shape := request.shape) is not None:
        conditions.append(sql.SQL("ST_Intersects(p.point, {}::geometry)").format(shape.hexewkb.decode()))
    place = request.geography.place
    statement = sql.SQL(
        "SELECT {place}::text, count(*) FROM records_propertyoperational p {join} WHERE {where} GROUP BY 1"
    ).format(place=place.expression, join=place.join("parcels"), where=sql.SQL(" AND ").join(conditions))
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return {key: count for key, count in cursor.fetchall() if key}


def outlines(request: MarketRequest, keys: list[str]) -> dict[str, bytes]:
    """The shapes of places as WKB, in EPSG:4326; a place without one is left out."""
    statement = sql.SQL("SELECT key, ST_AsBinary(geometry) FROM ({}) shapes WHERE NOT ST_IsEmpty(geometry)").format(
        request.geography.shapes(keys)
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return {key: bytes(wkb) for key, wkb in cursor.fetchall()}


def _query(request: MarketRequest) -> SalesQuery:
    """All of the county that may decide whether a sale of the period is sound: the sales of its whole years, with which
    prices are compared, and those of the parcel soon before and after it."""
    margin = timedelta(days=request.rules.flip_days)
    start, end = request.period.start, request.period.end
    return SalesQuery(
        county_id=request.county.pk,
        start=min(date(start.year, 1, 1), start - margin) if start else None,
        end=max(date(end.year, 12, 31), end + margin) if end else None,
        property_classes=request.property_classes,
        area=request.shape,
        columns={*_SCREENED, *request.analysis.columns},
        place=request.geography.place,
    )


def _within(days: pd.Series[Any], start: date | None, end: date | None) -> pd.Series[Any]:
    import pandas as pd

    inside = days.notna() if start or end else pd.Series(True, index=days.index)
    if start:
        inside &= days >= pd.Timestamp(start)
    if end:
        inside &= days <= pd.Timestamp(end)
    return inside


def _nothing_left(read: pd.DataFrame) -> str:
    if read.empty:
        return "There are no sales of this period, area and class."
    reasons = "; ".join(f"{item['sales']} x {item['meaning'].rstrip('.').lower()}" for item in excluded(read))
    return f"Of {counted(len(read), 'sale')} of this period, area and class none is left: {reasons}."
