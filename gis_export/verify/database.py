"""What the database says now of an export that was made before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from django.db import connection

from gis_export import request, totals
from gis_export.models import GisExportJob
from gis_export.plan import LayerPlan, Totals
from gis_export.verify.package import effective_inputs
from terrafusion import areas
from terrafusion.areas import storage
from terrafusion.jobs.request import InvalidRequest
from terrafusion.records.access import may_see_personal_data
from terrafusion.records.models import County

_RELATIVE = 1e-9
_ANY_NUMBER = 10**9


def compare(manifest: dict[str, Any], job: GisExportJob | None) -> tuple[str, list[str]]:
    """Why nothing could be compared, empty where it was; and what differs."""
    if job is None:
        try:
            job = _as_job(manifest)
        except LookupError as missing:
            return f"Nothing was compared with the database: {missing.args[0]}", []
    try:
        wanted = request.of_job(job)
    except InvalidRequest as outdated:
        return "", [f"The request could not be made again now: {outdated.faults.text}"]
    personal = job.submitted_by is not None and may_see_personal_data(job.submitted_by, job.county_id)
    sources = {layer["layer"]: layer["reconciliation"]["source"] for layer in manifest["layers"]}
    differences = []
    selections, _ = wanted.selections(personal=personal, effective_inputs=effective_inputs(manifest))
    for selection in selections:
        name = selection.layer.name
        differences += _differences(name, _now(selection.plan(), bool(sources[name].get("extent"))), sources[name])
    return "", differences


def _as_job(manifest: dict[str, Any]) -> GisExportJob:
    """An unsaved job of the manifest's request. LookupError says what of it is not here."""
    asked = manifest["request"]
    county = County.objects.filter(pk=asked["county_id"]).first()
    if county is None:
        raise LookupError(f"there is no county {asked['county_id']} here.")
    try:
        area = areas.parse(asked["area_of_interest"], county, _ANY_NUMBER, None) if asked["area_of_interest"] else None
    except areas.AreaError as error:
        raise LookupError(f"its area of interest cannot be made again. {error}") from None
    return GisExportJob(
        county=county,
        export_format=manifest["format"],
        layers=asked["layers"],
        resolved=asked["resolved"],
        **storage.columns(area),
    )


def _now(layer: LayerPlan, extent: bool) -> Totals:
    with connection.cursor() as cursor:
        cursor.execute(totals.statement(layer, extent=extent))
        names = [column.name for column in cursor.description or []]
        current, _ = totals.read(layer, dict(zip(names, cursor.fetchone(), strict=True)))
    return current


def _differences(name: str, now: Totals, then: dict[str, Any]) -> list[str]:
    differences = []
    for what, new, old in (
        ("records", now.records, then["records"]),
        ("records without geometry", now.without_geometry, then["without_geometry"]),
        ("area", now.area, then["area"]),
        *((f"total of {total}", now.sums.get(total), value) for total, value in then["sums"].items()),
    ):
        if new is None or not math.isclose(new, old, rel_tol=_RELATIVE):
            differences.append(
                f"{name}, in the database: {what} is {new if new is None else f'{new:,}'} now, and was {old:,}."
            )
    if then.get("extent") and not _alike(now.extent, then["extent"]):
        differences.append(f"{name}, in the database: the extent is {now.extent} now, and was {tuple(then['extent'])}.")
    return differences


def _alike(now: Sequence[float] | None, then: Sequence[float]) -> bool:
    return now is not None and all(math.isclose(a, b, rel_tol=_RELATIVE) for a, b in zip(now, then, strict=True))
