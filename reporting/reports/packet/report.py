"""What an abatement packet takes."""

from __future__ import annotations

from rest_framework import serializers

from reporting.reports.base import Request
from reporting.reports.ratio_study.report import StudyParameters, StudyReport
from terrafusion.records.models import PropertyOperational, Sale


class PacketParameters(StudyParameters):
    parcel = serializers.CharField(max_length=40, label="Parcel", help_text="The number of the parcel under appeal.")


class AbatementPacket(StudyReport):
    name = "abatement_packet"
    title = "Abatement packet"
    description = "For an appeal hearing: a parcel's card, comparables and reasons, and its neighborhood's ratio study."
    parameters = PacketParameters
    reader = "reporting.reports.packet.read.read"
    takes_area = False

    def check(self, request: Request) -> dict[str, list[str]]:
        number = request.values["parcel"]
        if not PropertyOperational.objects.filter(county=request.county, parcel_number=number).exists():
            return {"parameters.parcel": [f"{request.county.pk} has no parcel {number}."]}
        if not Sale.objects.filter(county=request.county).exists():
            return {"county_id": [f"{request.county.pk} has no sales to study."]}
        return {}

    def estimate(self, request: Request) -> int:
        return 1
