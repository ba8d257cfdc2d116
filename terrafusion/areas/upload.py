"""``{"type": "upload", "id": "..."}``: an area that was uploaded as a file before."""

from __future__ import annotations

import uuid
from typing import Any

import shapely

from terrafusion.areas.area import Area, AreaContext, plain
from terrafusion.areas.coordinates import check_vertices
from terrafusion.areas.errors import AreaError
from terrafusion.areas.members import only
from terrafusion.records.models import UploadedArea
from terrafusion.words import shown


def read(given: dict[str, Any], scope: AreaContext) -> Area:
    only(given, "id")
    try:
        wanted = uuid.UUID(given.get("id"))
    except (ValueError, TypeError, AttributeError):
        raise AreaError(f"The id of an upload is a UUID, not {shown(given.get('id'))}.") from None
    uploaded = None
    if scope.user is not None:
        uploaded = UploadedArea.of(scope.user).filter(county=scope.county, pk=wanted).first()
    if uploaded is None:
        raise AreaError(f"You have no uploaded area {wanted} in {scope.county.pk}; it may have expired.")
    check_vertices(uploaded.vertices, scope.max_vertices)
    geometry = shapely.from_wkb(bytes(uploaded.geometry.wkb))
    notes = [*uploaded.notes, f"The area is the uploaded {uploaded.name}, SHA-256 {uploaded.file_sha256[:12]}."]
    return plain(geometry, tuple(notes), uploaded.vertices)
