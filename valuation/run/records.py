"""What a run reads: screened sales up to the valuation date, and parcels a chunk at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from psycopg import sql

from terrafusion.records import versions
from terrafusion.records.models import PropertyOperational, Sale
from terrafusion.records.sales import frame
from terrafusion.records.sales.rules import Rules
from terrafusion.records.sales.screening import screen
from valuation.scope import ValuationScope

if TYPE_CHECKING:
    import pandas as pd

CHUNK = 5_000
_COLUMNS = {
    "property": ("p.id", "int64"),
    "parcel_number": ("p.parcel_number", "text"),
    **{name: (f"p.{name}", kind) for name, kind in frame.CHARACTERISTICS.items()},
    "longitude": ("ST_X(p.point)", "float64"),
    "latitude": ("ST_Y(p.point)", "float64"),
}


@dataclass(frozen=True)
class RunSales:
    """The sales that a run may see. ``sales`` passed the screening; ``screening`` counts those that did not."""

    sales: pd.DataFrame
    screening: dict[str, Any]
    data_version: str


def market(county_id: str, until: date, screening: dict[str, Any]) -> RunSales:
    """Sales dated up to ``until``; ``screening`` says where the rules differ from the county's."""
    version = data_version(county_id)  # before the data, so that it is never newer than they are
    rules = Rules.parse(screening, base=frame.rules_of(county_id))
    read = frame.read(frame.SalesQuery(county_id, end=until))
    screened = screen(read, rules, as_of=until)
    return RunSales(screened.kept.reset_index(drop=True), screened.summary() | {"rules": rules.as_dict()}, version)


def data_version(county_id: str) -> str:
    """Of all that values are made of but the tables of rates."""
    return versions.of([versions.source(PropertyOperational, county_id), versions.source(Sale, county_id)])


def parcel_ids(scope: ValuationScope) -> npt.NDArray[np.int64]:
    """The scope's parcels as they are now, in the order of their keys: eight bytes each, so also of a large county."""
    ids = scope.parcels().order_by("pk").values_list("pk", flat=True)
    return np.fromiter(ids.iterator(chunk_size=CHUNK), dtype=np.int64)


def chunks(ids: npt.NDArray[np.int64]) -> Iterator[pd.DataFrame]:
    """The parcels' characteristics, ``CHUNK`` at a time, indexed by their keys."""
    for begin in range(0, len(ids), CHUNK):
        yield parcels(ids[begin : begin + CHUNK])


def parcels(ids: npt.NDArray[np.int64]) -> pd.DataFrame:
    columns = sql.SQL(", ").join(
        sql.SQL("coalesce({}, '') AS {}" if kind == "text" else "{} AS {}").format(
            sql.SQL(source), sql.Identifier(name)
        )
        for name, (source, kind) in _COLUMNS.items()
    )
    statement = sql.SQL("SELECT {} FROM records_propertyoperational p WHERE p.id = ANY({}) ORDER BY p.id").format(
        columns, sql.Literal(ids.tolist())
    )
    frame_read = frame.fetch(statement, {name: kind for name, (_, kind) in _COLUMNS.items()})
    return frame_read.set_index("property")
