"""The files of a run: its values as tables, the sales that its evaluation uses, and the model's card."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from terrafusion.jobs.context import JobContext, ResultFile
from terrafusion.jobs.package import pack
from terrafusion.money import all_half_up
from terrafusion.tables import Column, Kind, TableFiles, write
from valuation.model_card import markdown
from valuation.models import ValuationJob, ValuationModel
from valuation.run.rows import ValuationRows

if TYPE_CHECKING:
    import pandas as pd

MAX_IN_XLSX = 50_000
"""Parcels; a workbook of more takes longer to write than they take to value."""

VALUES = (
    Column("parcel_number", Kind.TEXT, "Parcel", width=18),
    Column("property_class", Kind.TEXT, "Class", width=14),
    Column("neighborhood", Kind.TEXT, "Neighborhood", width=14),
    Column("value", Kind.INTEGER, "Value (USD)"),
    Column("value_low", Kind.INTEGER, "Interval, low"),
    Column("value_high", Kind.INTEGER, "Interval, high"),
    Column("land_value", Kind.INTEGER, "Land"),
    Column("land_source", Kind.TEXT, "Land from", width=14),
    Column("improvement_value", Kind.INTEGER, "Building"),
    Column("previous_value", Kind.INTEGER, "Previous value"),
    Column("flags", Kind.TEXT, "Flags", width=30),
)
SALES = (
    Column("parcel_number", Kind.TEXT, "Parcel", width=18),
    Column("property_class", Kind.TEXT, "Class", width=14),
    Column("neighborhood", Kind.TEXT, "Neighborhood", width=14),
    Column("sale_date", Kind.DATE, "Sold on"),
    Column("sale_price", Kind.INTEGER, "Price (USD)"),
    Column("price", Kind.INTEGER, "Price at the valuation date"),
    Column("value", Kind.INTEGER, "Value (USD)"),
    Column("ratio", Kind.NUMBER, "Ratio", decimals=4),
)


class ValuesFiles(TableFiles):
    """The values as CSV and Parquet, and as a workbook where they are not too many."""

    def __init__(self, context: JobContext, job: ValuationJob) -> None:
        endings = [".csv", ".parquet", *([".xlsx"] if job.estimated_parcels <= MAX_IN_XLSX else [])]
        self.paths = [context.workdir / f"values{ending}" for ending in endings]
        super().__init__(VALUES, self.paths, title="Values")

    def add(self, chunk: ValuationRows) -> None:
        columns = [chunk.columns[column.name].to_pylist() for column in VALUES[:-1]]
        self.write(zip(*columns, (" ".join(codes) for codes in chunk.flags), strict=True))


def write_sales(folder: Path, sales: pd.DataFrame) -> Path:
    path = folder / "evaluation_sales.csv"
    table = sales.assign(ratio=sales["value"] / sales["price"])
    table = table.assign(sale_date=table["sale_date"].dt.date)
    for name in ("sale_price", "price", "value"):
        table[name] = all_half_up(table[name].to_numpy(dtype=float)).astype("int64")
    write(SALES, table[[column.name for column in SALES]].itertuples(index=False, name=None), [path])
    return path


def package(
    context: JobContext,
    job: ValuationJob,
    values: list[Path],
    sales: pd.DataFrame | None,
    summary: dict[str, Any],
    model: ValuationModel | None,
) -> ResultFile:
    """All files of the run in one zip, each of which can be had alone."""
    folder = context.workdir
    members = [*values]
    if sales is not None:
        members.append(write_sales(folder, sales))
    members.append(_text(folder / "summary.json", json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False)))
    if model is not None:
        members.append(_text(folder / "model_card.json", json.dumps(_card(model), indent=2, allow_nan=False)))
        members.append(_text(folder / "model_card.md", markdown(model)))
    name = f"valuation_output/{job.county_id}/{job.job_id}.zip"
    return pack(members, folder / "valuation.zip", name, checkpoint=context.checkpoint)


def _card(model: ValuationModel) -> dict[str, Any]:
    return {
        "id": str(model.pk),
        "county_id": model.county_id,
        "method": model.method,
        "valuation_date": str(model.valuation_date),
        "sales": model.sales,
        "seed": model.seed,
        "features": model.features,
        "metrics": model.metrics,
        "parameters": model.parameters,
        "software": model.software,
        "data_version": model.data_version,
        "artefact_sha256": model.artefact_sha256,
        **model.card,
    }


def _text(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
