"""How a run's method did on later sales that it had not seen: figures for the summary, and rows for the layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from psycopg import sql

from terrafusion.money import all_half_up
from terrafusion.records.sales import frame
from terrafusion.words import counted
from valuation.assessment import Classes
from valuation.mass_appraisal.holdout import coverage
from valuation.models import EvaluationSale, ValuationJob
from valuation.plain_values import plain
from valuation.run.store import copy
from valuation.study_groups import CountyStudy, of_frame

if TYPE_CHECKING:
    import pandas as pd


def figures(study: CountyStudy, *, groups: bool = True) -> dict[str, Any]:
    """A study as JSON. ``groups``: with that of each class, neighborhood and tier, and the medians of each quality."""
    shown = {"overall": plain(study.overall), "trimmed": plain(study.trimmed)}
    if groups:
        shown |= {
            name: plain(getattr(study, name)) for name in ("by_class", "by_neighborhood", "by_tier", "by_quality")
        }
    return shown


def figure(study: CountyStudy | None, name: str) -> float | None:
    """One statistic of all sales; None where it is withheld."""
    measure = study.overall.measures.get(name) if study else None
    return None if measure is None else measure.value


def evaluate(holdout: pd.DataFrame, error: float, classes: Classes) -> tuple[CountyStudy, dict[str, Any]]:
    """The study of sales that nothing of the method has seen, whose values are market values whatever the ``classes``
    are assessed at; with it their dates, how many prices lie in their intervals (``coverage``), and by how much the
    level may differ for the market's sake (``error``, see ``Trial``)."""
    study = of_frame(holdout, classes.at_market(), error)
    days = holdout["sale_date"]
    about = {
        "sales": len(holdout),
        "from": str(days.min().date()),
        "to": str(days.max().date()),
        "coverage": plain(coverage(holdout)),
        "level_error": round(error, 5),
    }
    return study, about | figures(study)


def withheld(reason: str) -> dict[str, Any]:
    """The evaluation of a method that is not evaluated."""
    return {"sales": 0, "overall": {"withheld": reason, "measures": {}}}


def sentence(about: dict[str, Any]) -> str:
    """The evaluation in a sentence."""
    overall = about["overall"]
    if overall["withheld"]:
        return str(overall["withheld"])
    median, cod = (overall["measures"][name]["value"] for name in ("median", "cod"))
    return (
        f"Evaluated on {counted(about['sales'], 'holdout sale')} from {about['from']} to {about['to']}: "
        f"median {median:.3f}, COD {cod:.1f}."
    )


def store(job: ValuationJob, sales: pd.DataFrame) -> None:
    """The sales that were evaluated as rows. ``sales`` has the sale's key as column ``sale``."""
    if not len(sales):
        return
    statement = sql.SQL(
        "SELECT id AS sale, sale_id, ST_AsHEXEWKB(point) AS point FROM records_sale WHERE id = ANY({})"
    ).format(sql.Literal(sales["sale"].astype("int64").tolist()))
    known = frame.fetch(statement, {"sale": "int64", "sale_id": "text", "point": "text"}).set_index("sale")
    beside = known.reindex(sales["sale"].to_numpy())
    value, price = sales["value"].to_numpy(dtype=float), sales["price"].to_numpy(dtype=float)
    points = beside["point"].astype(object).to_numpy()
    columns = {
        "sale_id": _texts(beside["sale_id"]),
        "parcel_number": _texts(sales["parcel_number"]),
        "property_class": _texts(sales["property_class"]),
        "neighborhood": _texts(sales["neighborhood"]),
        "sale_date": pa.array(sales["sale_date"].to_numpy().astype("datetime64[D]")),
        "sale_price": pa.array(sales["sale_price"].to_numpy().astype(np.int64)),
        "adjusted_price": pa.array(all_half_up(price, 2)),
        "value": pa.array(all_half_up(value, 2)),
        "ratio": pa.array(value / price),
        "residual": pa.array(all_half_up(value - price, 2)),
        "point": pa.array([point or None for point in points], pa.string()),
    }
    copy(EvaluationSale, columns, county_id=job.county_id, job_id=job.pk)


def _texts(column: pd.Series[Any]) -> pa.Array:
    return pa.array(column.astype(object).fillna("").tolist(), pa.string())
