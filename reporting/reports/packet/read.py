"""Reads what an abatement packet shows."""

from __future__ import annotations

from datetime import datetime

from reporting.reports.base import Content, Request
from reporting.reports.neighborhood.read import neighborhood_study
from reporting.reports.packet.build import build
from reporting.reports.parcel.read import files
from reporting.reports.parcel.report import has_owners, sheets_of
from terrafusion.records.models import PropertyOperational


def read(request: Request, now: datetime) -> Content:
    parcels = PropertyOperational.objects.filter(county=request.county, parcel_number=request.values["parcel"])
    contents = files(
        request.county,
        parcels.values_list("pk", flat=True),
        owners=request.personal,
        sheets=sheets_of(request.values["valuation_job"]),
    )
    parcel = next(iter(contents))
    study = neighborhood_study(request, parcel.neighborhood)
    return Content(
        blocks=build(parcel, study),
        subtitle=f"Parcel {parcel.number}, {', '.join(parcel.situs)}".rstrip(", "),
        rows=300,
        personal=has_owners(parcels),
    )
