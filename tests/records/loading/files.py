"""Small real files for the loader, written by pyogrio, or by hand where a broken one is wanted."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyogrio
import shapely
from django.core.management import call_command

T = TypeVar("T")
# Squares of 100 feet in Seattle, in EPSG:2926 and, by PROJ, in lon/lat.
STATE_PLANE = 2926
X, Y = 1_270_000.0, 225_000.0


def known(value: T | None) -> T:
    """The value of a nullable field that the test expects to be there."""
    assert value is not None
    return value


def square(number: int = 0, size: float = 100.0) -> shapely.Polygon:
    return shapely.box(X + 200 * number, Y, X + 200 * number + size, Y + size)


def bowtie(number: int = 0) -> shapely.Polygon:
    x = X + 200 * number
    return shapely.Polygon([(x, Y), (x + 100, Y + 100), (x + 100, Y), (x, Y + 100), (x, Y)])


def write(
    path: Path,
    columns: Mapping[str, Sequence[Any]],
    shapes: Iterable[Any] | None = None,
    crs: str | None = f"EPSG:{STATE_PLANE}",
    geometry_type: str = "Polygon",
    **options: Any,
) -> Path:
    """A vector file of these columns; its driver is chosen by the suffix."""
    table = {name: values if isinstance(values, pa.Array) else pa.array(values) for name, values in columns.items()}
    if shapes is not None:
        table["geometry"] = pa.array(shapely.to_wkb(np.array(list(shapes), dtype=object)), pa.binary())
        options |= {"geometry_name": "geometry", "geometry_type": geometry_type, "crs": crs}
    pyogrio.write_arrow(pa.table(table), path, **options)
    return path


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    rows = list(rows)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def load(county: Any, layer: str, path: Path, **options: Any) -> dict[str, Any]:
    """The report of ``manage.py load_layer``, through the command."""
    out = io.StringIO()
    call_command("load_layer", county.pk, layer, path, json=True, verbosity=0, stdout=out, **options)
    report: dict[str, Any] = json.loads(out.getvalue())
    return report


def rejects(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def mapping(folder: Path, text: str) -> Path:
    path = folder / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    return path
