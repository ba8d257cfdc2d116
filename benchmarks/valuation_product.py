"""A county's real sales through the product: loaded by its loader, valued by jobs over HTTP, read from their files."""

from __future__ import annotations

import io
import time
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import platform
from benchmarks.valuation_data import COUNTIES
from terrafusion.setup.demo.client import Client

METHODS = ("mass_appraisal", "sales_comparison", "reconciled")
_PARCEL = (
    *("parcel_number", "property_class", "use_code", "neighborhood", "quality", "living_area_sqft", "lot_area_sqft"),
    *("year_built", "effective_year_built", "bedrooms", "bathrooms", "longitude", "latitude"),
)
_POINT = 'crs = 4326\n[point]\nx = "longitude"\ny = "latitude"\n'
_JOB_SECONDS = 3_600


@dataclass(frozen=True)
class Valued:
    """The values of a job by parcel number (``value``, ``value_low``, ``value_high``) and its seconds."""

    values: pd.DataFrame
    seconds: float
    message: str


def numbered(name: str, sales: pd.DataFrame) -> pd.DataFrame:
    """The sales with the columns that the product takes. Where the file names no parcels, each sale is of its own."""
    about = COUNTIES[name]
    table = sales.rename(columns=about.products).assign(property_class="Residential")
    if "parcel_number" not in table:
        table["parcel_number"] = [f"{number:06d}" for number in range(len(table))]
    for age, year in (("age", "year_built"), ("eff_age", "effective_year_built")):
        if age in table:
            table[year] = table["sale_date"].dt.year - table[age]
    return table


def parcels_of(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """A row a parcel: as its last sale before the cut date describes it, else its first after that."""
    before = table["sale_date"] < pd.Timestamp(COUNTIES[name].cut)
    last = table[before].drop_duplicates("parcel_number", keep="last")
    first = table[~before].drop_duplicates("parcel_number", keep="first")
    both = pd.concat([last, first]).drop_duplicates("parcel_number", keep="first")
    return both[[column for column in _PARCEL if column in both]]


def load(name: str, table: pd.DataFrame) -> str:
    """The county's id, with its parcels and sales loaded anew by the command that a county uses."""
    from terrafusion.records.models import County, CountySettings

    about = COUNTIES[name]
    county = f"REAL{name.upper()}"
    County.objects.update_or_create(pk=county, defaults=about.about)
    CountySettings.objects.get_or_create(county_id=county, defaults={"time_zone": about.time_zone})
    with platform.scratch() as folder:
        ordered = table.sort_values("sale_date", kind="stable")
        sales = ordered[["parcel_number", "sale_date", "sale_price", "longitude", "latitude"]].copy()
        sales.insert(0, "sale_id", [f"S{number:06d}" for number in range(len(sales))])
        for layer, rows in (("parcels", parcels_of(name, ordered)), ("sales", sales)):
            _load_layer(county, layer, rows, folder)
    return county


def _load_layer(county: str, layer: str, rows: pd.DataFrame, folder: Path) -> None:
    file, mapping = folder / f"{layer}.csv", folder / f"{layer}.toml"
    rows.to_csv(file, index=False, date_format="%Y-%m-%d")
    mapping.write_text(_POINT)
    platform.manage("load_layer", county, layer, str(file), "--mapping", str(mapping))


def known_sales(county: str, name: str) -> pd.DataFrame:
    """The screened sales before the cut date that a run may see, with the columns that it sees."""
    from valuation.run import records

    return records.market(county, COUNTIES[name].cut - timedelta(days=1), {}).sales


def characteristics(county: str, numbers: pd.Series[Any]) -> pd.DataFrame:
    """Of the parcels named, in that order, as a run reads them."""
    from terrafusion.records.models import PropertyOperational
    from valuation.run import records

    ids = PropertyOperational.objects.filter(county_id=county).order_by("pk").values_list("pk", flat=True)
    read = records.parcels(np.fromiter(ids, dtype=np.int64)).set_index("parcel_number", drop=False)
    return read.loc[numbers.to_numpy()].reset_index(drop=True)


def value(client: Client, county: str, name: str, method: str) -> Valued:
    """Submit a run of all parcels at the cut date, wait for it, and read ``values.csv`` of its package."""
    body: dict[str, Any] = {"valuation_method": method, "county_id": county, "scope": "all"}
    body |= {"valuation_date": str(COUNTIES[name].cut), "parameters": {"fresh": True}}
    begun = time.perf_counter()
    job = client.call("POST", "/api/v1/valuation/run", body)
    while job["completed_at"] is None:
        if time.perf_counter() - begun > _JOB_SECONDS:
            raise RuntimeError(f"{method} of {name} is still {job['status']} after {_JOB_SECONDS} seconds")
        time.sleep(0.5)
        job = client.call("GET", f"/api/v1/valuation/status/{job['job_id']}")
    seconds = time.perf_counter() - begun
    if job["status"] != "COMPLETED":
        raise RuntimeError(f"{method} of {name} failed: {job['error_code']} {job['message']}")
    with client.open("GET", job["links"]["download"]) as response:
        package = zipfile.ZipFile(io.BytesIO(response.read()))
    member = next(entry for entry in package.namelist() if entry.endswith("values.csv"))
    values = pd.read_csv(package.open(member), dtype={"parcel_number": str}).set_index("parcel_number")
    return Valued(values, round(seconds, 1), job["message"])
