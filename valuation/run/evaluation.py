"""How a run's method did on later sales that it had not seen: figures for the summary, and rows for the layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from psycopg import sql

from terrafusion.records.sales import frame
from valuation.models import JudgedSale, ValuationJob
from valuation.ratio import PropertyKind
from valuation.run.store import copy
from valuation.studies import CountyStudy, of_frame
from valuation.told import plain

if TYPE_CHECKING:
    import pandas as pd


def figures(study: CountyStudy, *, groups: bool = True) -> dict[str, Any]:
    """A study as JSON. ``groups``: with that of each class, neighborhood and tier."""
    told = {"overall": plain(study.overall), "trimmed": plain(study.trimmed)}
    if groups:
        told |= {name: plain(getattr(study, name)) for name in ("by_class", "by_neighborhood", "by_tier")}
    return told


def figure(study: CountyStudy | None, name: str) -> float | None:
    """One statistic of all sales; None where it is withheld."""
    measure = study.overall.measures.get(name) if study else None
    return None if measure is None else measure.value


def judge(held_back: pd.DataFrame, coverage: float | None) -> tuple[CountyStudy, dict[str, Any]]:
    """The study of held-back sales; with it their dates, and how many prices lie in intervals that were not made from
    them (``coverage``), which these sales cannot tell by themselves."""
    study = of_frame(held_back, PropertyKind.RESIDENTIAL)
    days = held_back["sale_date"]
    told = {
        "sales": len(held_back),
        "from": str(days.min().date()) if len(days) else None,
        "to": str(days.max().date()) if len(days) else None,
        "coverage": plain(coverage),
    }
    return study, told | figures(study)


def store(job: ValuationJob, judged: pd.DataFrame) -> None:
    """The judged sales as rows. ``judged`` has the sale's key as column ``sale``."""
    if not len(judged):
        return
    statement = sql.SQL(
        "SELECT id AS sale, sale_id, ST_AsHEXEWKB(point) AS point FROM records_sale WHERE id = ANY({})"
    ).format(sql.Literal(judged["sale"].astype("int64").tolist()))
    known = frame.fetch(statement, {"sale": "int64", "sale_id": "text", "point": "text"}).set_index("sale")
    beside = known.reindex(judged["sale"].to_numpy())
    value, price = judged["value"].to_numpy(dtype=float), judged["price"].to_numpy(dtype=float)
    points = beside["point"].astype(object).to_numpy()
    columns = {
        "sale_id": _texts(beside["sale_id"]),
        "parcel_number": _texts(judged["parcel_number"]),
        "property_class": _texts(judged["property_class"]),
        "neighborhood": _texts(judged["neighborhood"]),
        "sale_date": pa.array(judged["sale_date"].to_numpy().astype("datetime64[D]")),
        "sale_price": pa.array(judged["sale_price"].to_numpy().astype(np.int64)),
        "adjusted_price": pa.array(np.round(price, 2)),
        "value": pa.array(np.round(value, 2)),
        "ratio": pa.array(value / price),
        "residual": pa.array(np.round(value - price, 2)),
        "point": pa.array([point or None for point in points], pa.string()),
    }
    copy(JudgedSale, columns, county_id=job.county_id, job_id=job.pk)


def _texts(column: pd.Series[Any]) -> pa.Array:
    return pa.array(column.astype(object).fillna("").tolist(), pa.string())
