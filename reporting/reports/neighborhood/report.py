"""What a profile of a neighborhood takes."""

from __future__ import annotations

from reporting.reports.base import Request
from reporting.reports.parcels import nothing_there, unknown
from reporting.reports.ratio_study.report import STUDY, StudyReport
from terrafusion.jobs.request import Text
from terrafusion.records.models import PropertyOperational


class NeighborhoodProfile(StudyReport):
    name = "neighborhood_profile"
    title = "Neighborhood profile"
    description = "A neighborhood's stock, sales, values and equity, with a map."
    parameters = (
        *STUDY,
        Text("neighborhood", None, "Its code, as parcels have it.", 40, label="Neighborhood", required=True),
    )
    reader = "reporting.reports.neighborhood.read.read"
    takes_area = False

    def check(self, request: Request) -> dict[str, list[str]]:
        return nothing_there(request) or unknown_neighborhood(request, request.values["neighborhood"])

    def estimate(self, request: Request) -> int:
        return 0


def unknown_neighborhood(request: Request, name: str) -> dict[str, list[str]]:
    there = PropertyOperational.objects.filter(county=request.county).exclude(neighborhood="")
    known = there.order_by("neighborhood").values_list("neighborhood", flat=True).distinct()
    missing = unknown([name], known, "neighborhood", request.county.pk)
    return {"parameters.neighborhood": missing} if missing else {}
