"""The report types by name."""

from __future__ import annotations

from reporting.reports.activity.report import ExportActivity
from reporting.reports.base import Report
from reporting.reports.comparison.report import CountyComparison
from reporting.reports.levy.report import TaxProjection
from reporting.reports.market.report import MarketSummary
from reporting.reports.neighborhood.report import NeighborhoodProfile
from reporting.reports.packet.report import AbatementPacket
from reporting.reports.parcel.report import ChangeOfValueNotice, PropertyRecordCard
from reporting.reports.ratio_study.report import RatioStudyReport
from reporting.reports.roll.report import AssessmentRoll
from reporting.reports.summary.report import ValuationSummary

ALL: dict[str, Report] = {
    report.name: report
    for report in (
        RatioStudyReport(),
        AssessmentRoll(),
        PropertyRecordCard(),
        ChangeOfValueNotice(),
        MarketSummary(),
        NeighborhoodProfile(),
        AbatementPacket(),
        ValuationSummary(),
        CountyComparison(),
        TaxProjection(),
        ExportActivity(),
    )
}


def names() -> list[str]:
    return list(ALL)
