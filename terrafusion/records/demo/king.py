"""King County, Washington: real sales of houses in Seattle, 2010 to 2016, and what can be derived from them.

The public sales file has a point, a lot size and characteristics with each sale, but no parcel outlines. So a parcel is
drawn as the square of its recorded lot size round its recorded point, in State Plane feet, with the characteristics of
its latest sale; and an assessor's area is the hull of its parcels' points. Both say so where they are described.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyogrio
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

STATE_PLANE = 2926  # NAD83(HARN) / Washington North, US survey feet
_USES = {"sfr": "Single-family residence", "townhouse": "Townhouse"}
_HULL_RATIO = 0.3  # 0 hugs the points, 1 is convex
_HULL_MARGIN = 100.0  # feet, so that no parcel's point lies on the line


def write_files(sales_csv: Path, folder: Path) -> dict[str, Path]:
    """The county's layers as files for the loader: parcels and neighborhoods as GeoPackages, sales as CSV."""
    sales = _read(sales_csv)
    latest = _latest_sales(sales)
    points = _points(latest)
    files = {name: folder / f"king_{name}" for name in ("parcels", "sales", "neighborhoods")}
    files = {name: path.with_suffix(".csv" if name == "sales" else ".gpkg") for name, path in files.items()}
    _write_parcels(latest, points, files["parcels"])
    _write_neighborhoods(sales, latest, points, files["neighborhoods"])
    columns = ["sale_id", "parcel_number", "sale_date", "sale_price", "longitude", "latitude"]
    pyarrow.csv.write_csv(sales.select(columns), files["sales"])
    return files


def _read(path: Path) -> pa.Table:
    texts = pyarrow.csv.ConvertOptions(
        column_types={"pinx": pa.string(), "sale_id": pa.string(), "sale_date": pa.date32()}
    )
    table = pyarrow.csv.read_csv(path, convert_options=texts)
    # ..0001800010: the dots keep spreadsheets from eating the zeros and are no part of the number.
    return table.append_column("parcel_number", pc.replace_substring(table["pinx"], "..", ""))


def _latest_sales(sales: pa.Table) -> pa.Table:
    """One row a parcel: its latest sale, which has its latest characteristics."""
    ordered = sales.sort_by([("parcel_number", "ascending"), ("sale_date", "descending"), ("sale_id", "descending")])
    numbers = ordered["parcel_number"].to_numpy(zero_copy_only=False)
    first = np.append(True, numbers[1:] != numbers[:-1])
    return ordered.filter(pa.array(first))


def _points(parcels: pa.Table) -> NDArray[np.object_]:
    transformer = Transformer.from_crs(4326, STATE_PLANE, always_xy=True)
    places = transformer.transform(parcels["longitude"].to_numpy(), parcels["latitude"].to_numpy())
    return np.asarray(shapely.points(*places))


def _write_parcels(latest: pa.Table, points: NDArray[np.object_], path: Path) -> None:
    half = np.sqrt(latest["lot_sf"].to_numpy()) / 2
    x, y = shapely.get_x(points), shapely.get_y(points)
    year = pc.year(latest["sale_date"])
    uses = [_USES.get(use, use) for use in latest["use_type"].to_pylist()]
    fields = {
        "parcel_number": latest["parcel_number"],
        "situs_city": ["Seattle"] * len(latest),
        "property_class": ["Residential"] * len(latest),
        "use_code": latest["use_type"],
        "use_description": uses,
        "neighborhood": pc.cast(latest["area"], pa.string()),
        "lot_area_sqft": latest["lot_sf"],
        "living_area_sqft": latest["tot_sf"],
        "year_built": pc.subtract(year, latest["age"]),
        "effective_year_built": pc.subtract(year, latest["eff_age"]),
        "quality": pc.cast(latest["bldg_grade"], pa.string()),
        "bedrooms": latest["beds"],
        "bathrooms": latest["baths"],
        "as_of": latest["sale_date"],
    }
    _write(fields, shapely.box(x - half, y - half, x + half, y + half), path, "Polygon")


def _write_neighborhoods(sales: pa.Table, latest: pa.Table, points: NDArray[np.object_], path: Path) -> None:
    areas = latest["area"].to_numpy()
    sold = sales["area"].to_numpy()
    codes = np.unique(areas)
    groups = [shapely.multipoints(points[areas == code]) for code in codes]
    hulls = [shapely.concave_hull(group, ratio=_HULL_RATIO).buffer(_HULL_MARGIN) for group in groups]
    fields = {
        "area": pa.array([str(code) for code in codes]),
        "parcels": pa.array([int((areas == code).sum()) for code in codes]),
        "sales": pa.array([int((sold == code).sum()) for code in codes]),
        "square_miles": pa.array([round(hull.area / 5280**2, 3) for hull in hulls]),
    }
    shapes = np.array([shapely.MultiPolygon([hull]) if hull.geom_type == "Polygon" else hull for hull in hulls])
    _write(fields, shapes, path, "MultiPolygon")


def _write(fields: dict[str, Any], shapes: NDArray[np.object_], path: Path, geometry_type: str) -> None:
    path.unlink(missing_ok=True)
    table = pa.table({**fields, "geometry": shapely.to_wkb(shapes)})
    pyogrio.write_arrow(
        table,
        path,
        layer=path.stem,
        driver="GPKG",
        geometry_name="geometry",
        geometry_type=geometry_type,
        crs=f"EPSG:{STATE_PLANE}",
    )
