"""The CRS of the output."""

from __future__ import annotations

from dataclasses import replace

from django.db import connection

from gis_export.parameters.base import ExportContext, ExportParameter
from gis_export.selection import LayerSelection
from terrafusion import areas, crs
from terrafusion.errors import CRSError
from terrafusion.jobs.request import InvalidRequest
from terrafusion.jobs.request.parameter import Schema


class ReferenceSystem(ExportParameter[str]):
    """Effective: such as ``EPSG:2926``."""

    def check(self, value: object, context: ExportContext) -> str:
        fixed = context.file_format.fixed_srid if context.file_format else None
        state_plane = context.county and context.county.state_plane_srid
        if value is None:
            planar = context.file_format is not None and context.file_format.planar
            return f"EPSG:{fixed or (state_plane if planar else areas.SRID)}"
        if value == "state_plane":
            value = state_plane or areas.SRID  # of a county that is not known, nothing comes
        try:
            srid = crs.parse(value)
        except CRSError as error:
            here = f", which is EPSG:{state_plane} here" if state_plane else ""
            raise InvalidRequest(f'{error} Or give "state_plane"{here}.') from None
        messages = []
        if not _in_database(srid):
            messages.append(f"The database of this installation has no EPSG:{srid}.")
        if context.file_format and fixed and srid != fixed:
            messages.append(f"{context.file_format.name} is always in EPSG:{fixed}.")
        if messages:
            raise InvalidRequest({"": messages})
        return f"EPSG:{srid}"

    def adopt(self, value: object, context: ExportContext) -> str:
        # What the standard of a format demands comes before a default.
        fixed = context.file_format is not None and context.file_format.fixed_srid is not None
        return self.check(None if fixed else value, context)

    def apply(self, value: str, selection: LayerSelection) -> LayerSelection:
        return replace(selection, srid=crs.parse(value))

    def schema(self) -> Schema:
        return {"type": ["string", "integer", "null"], "example": "EPSG:2926"}

    value_schema = schema


CRS = ReferenceSystem(
    "crs",
    None,
    "An EPSG code such as EPSG:2926, or state_plane for the county's own. By default what the county set, else "
    "EPSG:4326, and for drawings the State Plane; a format whose standard allows one CRS only is always in that.",
)


def _in_database(srid: int) -> bool:
    """PostGIS transforms what leaves the database, and its own list may be older than the one of ``crs.parse``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM spatial_ref_sys WHERE srid = %s)", [srid])
        (known,) = cursor.fetchone()
    return bool(known)
