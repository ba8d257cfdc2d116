"""What an abatement packet takes."""

from __future__ import annotations

from reporting.reports.base import Request
from reporting.reports.ratio_study.report import STUDY, StudyReport
from terrafusion import words
from terrafusion.jobs.request import Text
from terrafusion.records.models import PropertyOperational, Sale


class AbatementPacket(StudyReport):
    name = "abatement_packet"
    title = "Abatement packet"
    description = "For an appeal hearing: a parcel's card, comparables and reasons, and its neighborhood's ratio study."
    parameters = (
        *STUDY,
        Text("parcel", None, "The number of the parcel under appeal.", 40, label="Parcel", required=True),
    )
    reader = "reporting.reports.packet.read.read"
    takes_area = False

    def check(self, request: Request) -> dict[str, list[str]]:
        number = request.values["parcel"]
        if not PropertyOperational.objects.filter(county=request.county, parcel_number=number).exists():
            return {"parameters.parcel": [words.unknown(f"parcel of {request.county.pk}:", number)]}
        if not Sale.objects.filter(county=request.county).exists():
            return {"county_id": [f"{request.county.pk} has no sales to study."]}
        return {}

    def estimate(self, request: Request) -> int:
        return 1
