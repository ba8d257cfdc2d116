"""The real sales of two counties with the platform's column names, and the day at which each benchmark cuts them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd

from terrafusion import env

_FOLDER = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


@dataclass(frozen=True)
class County:
    """A file of sales: which of its columns are read, by the names of the records, and the cut date.

    ``products`` renames columns that the loader takes under another name; those that it cannot take are measured by
    pure calls only. ``about`` and ``time_zone`` are the county's record.
    """

    file: str
    columns: dict[str, str]
    cut: date
    products: dict[str, str]
    about: dict[str, object]
    time_zone: str


COUNTIES = {
    "lucas": County(
        "lucas_county_oh_house.csv.gz",
        {
            "price": "sale_price",
            "sale_date": "sale_date",
            "lon": "longitude",
            "lat": "latitude",
            "yrbuilt": "year_built",
            "TLA": "living_area_sqft",
            "lotsize": "lot_area_sqft",
            "beds": "bedrooms",
            "baths": "bathrooms",
            "stories": "structure",
            **{name: name for name in ("wall", "halfbaths", "frontage", "depth", "garage", "garagesqft", "rooms")},
        },
        date(1998, 1, 1),
        {"structure": "use_code"},
        {"name": "Lucas County", "fips": "39095", "state": "OH", "state_plane_srid": 2834},
        "America/New_York",
    ),
    "seattle": County(
        "seattle_wa_sales_2010_2016.csv.gz",
        {
            "pinx": "parcel_number",
            "tot_sf": "living_area_sqft",
            "lot_sf": "lot_area_sqft",
            "beds": "bedrooms",
            "baths": "bathrooms",
            "bldg_grade": "quality",
            "use_type": "use_code",
            "area": "neighborhood",
            **{name: name for name in ("sale_price", "sale_date", "longitude", "latitude", "wfnt", "age", "eff_age")},
        },
        date(2016, 1, 1),
        {},
        {"name": "King County", "fips": "53033", "state": "WA", "state_plane_srid": 2926},
        "America/Los_Angeles",
    ),
}


def sales_of(name: str) -> pd.DataFrame | None:
    """The sales of one of ``COUNTIES``, in the order of the file; None where the file is missing."""
    county = COUNTIES[name]
    if not path(name).exists():
        print(f"{name}: {path(name)} is missing")
        return None
    sales = pd.read_csv(path(name))[list(county.columns)].rename(columns=county.columns)
    sales["sale_date"] = pd.to_datetime(sales["sale_date"])
    return sales


def path(name: str) -> Path:
    """Where the file of one of ``COUNTIES`` is expected."""
    return Path(env.text("TERRAFUSION_SHARED_DATA", str(_FOLDER))) / COUNTIES[name].file
