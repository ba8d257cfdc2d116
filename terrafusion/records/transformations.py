"""One operation both ways: pyproj transforms what is loaded, and PostGIS what is exported, by the same operation.

The two have different PROJs, which choose differently (a datum of 1927 by up to 200 m), and PostGIS chooses anew for
each coordinate. So the operation is chosen once, when a layer is loaded, among those that the database takes back to
where the coordinates came from. Where the database would choose another by itself, the CRS is registered with it bound
to the operation, among the SRIDs that PostGIS leaves to its users."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import DatabaseError, connection, transaction
from pyproj import CRS
from pyproj.aoi import AreaOfInterest

from terrafusion.operations import WGS84, Operation, operations, samples
from terrafusion.records.models import County, LayerTransformation

_TOLERANCE = 5e-4  # meters
_FIRST_SRID, _SRIDS = 920_000, 70_000


@dataclass(frozen=True)
class Choice:
    """``definition`` is empty where PostGIS takes the operation by itself; ``off`` is how far from their place, in
    meters, exports in this CRS are at most, None where that could not be tried."""

    operation: Operation
    srid: int | None  # EPSG code of the CRS
    definition: str = ""
    off: float | None = None

    def described(self) -> dict[str, Any] | None:
        """As in reports and manifests; None for what is in longitude and latitude on WGS 84 already."""
        if self.srid == WGS84:
            return None
        operation = self.operation
        missing = list(operation.missing_grids)
        return {"name": operation.name, "accuracy": operation.accuracy, "missing_grids": missing}

    @property
    def note(self) -> str:
        """For the report, where the layer cannot be exported as it came."""
        if self.off is None or self.off <= _TOLERANCE:
            return ""
        return (
            f"The database cannot transform by {self.operation.name}: what is exported in EPSG:{self.srid} is up to "
            f"{self.off:.3g} m from where it was in the file."
        )


def transformed(described: dict[str, Any]) -> str:
    """A sentence for people."""
    accuracy = described["accuracy"]
    known = "its accuracy is not known" if accuracy is None else f"accurate to {accuracy:g} m"
    grids = described["missing_grids"]
    better = f"; a more accurate one needs {', '.join(grids)}" if grids else ""
    return f"Coordinates transformed by {described['name']}, {known}{better}"


def choose(crs: CRS, area: AreaOfInterest | None, like: str | None = None) -> Choice:
    """The best operation from ``crs`` to longitude and latitude that the database takes back within half a millimeter;
    the best one, with how far it is off, where the database takes none. First that named ``like``, or, if that is
    empty, those that the database takes by itself. Raises pyproj's ``CRSError`` where there is no operation at all. The
    database is as it was."""
    srid = crs.to_epsg()
    if srid == WGS84:
        return Choice(operations(crs, area)[0], srid)
    if srid is not None and not CRS.from_epsg(srid).equals(crs, ignore_axis_order=True):
        srid = None
    candidates = operations(CRS.from_epsg(srid) if srid else crs, area)
    if srid is None or area is None:
        return Choice(candidates[0], srid)
    offs = []
    with transaction.atomic():
        for operation, bound in _attempts(candidates, like):
            definition = operation.bound() if bound else ""
            through = register(definition) if definition else srid
            off = _off(operation, through, area)
            if off is not None and off <= _TOLERANCE:
                transaction.set_rollback(True)
                return Choice(operation, srid, definition, off)
            offs.append(off)
        transaction.set_rollback(True)
    return Choice(candidates[0], srid, "", offs[0])


def _attempts(candidates: list[Operation], like: str | None) -> list[tuple[Operation, bool]]:
    """Each operation, as the database chooses by itself and with the CRS bound to it."""
    attempts = [(operation, bound) for operation in candidates for bound in (False, True)]
    if like is None:
        return attempts
    return sorted(attempts, key=lambda attempt: attempt[0].name != like if like else attempt[1])


def record(county: County, layer: str, choice: Choice) -> None:
    """Keep the choice with the layer. The CRS with its operation is registered in the same transaction."""
    if choice.srid is None or choice.srid == WGS84:
        return  # exports name CRSs by their EPSG codes, and WGS 84 is what is stored
    if choice.definition:
        register(choice.definition)
    LayerTransformation.objects.update_or_create(
        county=county,
        layer=layer,
        srid=choice.srid,
        defaults={**(choice.described() or {}), "definition": choice.definition},
    )


def back(county: County, layer: str, srid: int) -> tuple[int, LayerTransformation | None]:
    """Through which SRID the layer comes into ``srid``, and by which operation where it was loaded from there."""
    if srid == WGS84:
        return srid, None
    known = LayerTransformation.objects.filter(county=county, layer=layer, srid=srid).first()
    if known is None or not known.definition:
        return srid, known
    return register(known.definition) or srid, known


def register(definition: str) -> int | None:
    """The SRID of the CRS, which is added where the database does not have it; None where it may not be added."""
    first = zlib.crc32(definition.encode()) % _SRIDS
    with connection.cursor() as cursor:
        for step in range(_SRIDS):
            srid = _FIRST_SRID + (first + step) % _SRIDS
            cursor.execute("SELECT srtext FROM spatial_ref_sys WHERE srid = %s", [srid])
            row = cursor.fetchone()
            if row is None:
                try:
                    with transaction.atomic():
                        cursor.execute(
                            "INSERT INTO spatial_ref_sys (srid, srtext, proj4text) VALUES (%s, %s, '')",
                            [srid, definition],
                        )
                except DatabaseError:  # the role may not write there, or the text is too long
                    return None
                return srid
            if row[0] == definition:
                return srid
    return None


def _off(operation: Operation, through: int | None, area: AreaOfInterest) -> float | None:
    """Meters by which the database misses the place that coordinates came from; None where it cannot transform."""
    if through is None:
        return None
    x, y = (np.asarray(values) for values in operation.from_wgs84(*samples(area)))
    lon, lat = (np.asarray(values) for values in operation.to_wgs84(x, y))
    inside = np.isfinite(x) & np.isfinite(y) & np.isfinite(lon) & np.isfinite(lat)
    if not inside.any():
        return None
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT ST_X(p), ST_Y(p) FROM unnest(%s::float8[], %s::float8[]) WITH ORDINALITY AS t(x, y, n), "
                "ST_Transform(ST_SetSRID(ST_MakePoint(x, y), 4326), %s::integer) AS p ORDER BY n",
                [lon[inside].tolist(), lat[inside].tolist(), through],
            )
            there = np.array(cursor.fetchall())
    except DatabaseError:
        return None
    return float(np.hypot(*(there - np.column_stack([x[inside], y[inside]])).T).max() * operation.unit)
