"""Cards and notices: what they take, and how their parcels are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery

from reporting.branding import brand_of
from reporting.document.blocks import Section
from reporting.models import CountyBranding, ParcelPhoto
from reporting.reports.base import Content, Report, Request
from reporting.reports.parcel import notice
from reporting.reports.parcel.build import cards, notices
from reporting.reports.parcel.read import BUNDLES, bundle_of, files, in_order, keys
from reporting.reports.runs import ValuationRun
from reporting.reports.selection import SELECTION, faults, selected
from terrafusion import tables
from terrafusion.jobs.request import Boolean, Choice, Day, InvalidRequest, Number
from terrafusion.records.county_time import today
from terrafusion.records.models import County, PropertyOperational
from terrafusion.records.parcel_fields import PERSONAL_DATA
from terrafusion.records.values import standing
from terrafusion.types import AnyUser
from terrafusion.words import counted
from valuation import values
from valuation.models import PropertyValuation, ValuationJob
from valuation.sheet import sheets

_CELLS = 170  # of a card, as the layout counts them


_BUNDLES = "A PDF of its own for each postal code of the mailing address, or each neighborhood."


class ParcelReport(Report):
    """A section for each of some parcels, which says nothing of the others."""

    bare = True

    def check(self, request: Request) -> dict[str, list[str]]:
        return faults(request)

    row_seconds = 0.05

    def estimate(self, request: Request) -> int:
        return selected(request).count()


class PropertyRecordCard(ParcelReport):
    name = "property_record_card"
    title = "Property record card"
    description = "One parcel or thousands: characteristics, map, photograph, sales, values, comparables, reasons."
    parameters = (
        *SELECTION,
        ValuationRun(
            "valuation_job",
            None,
            'A completed run, or "latest": its value, approaches, comparables and reasons.',
            label="Valuation run",
        ),
        Boolean("pictures", True, "Whether each card has its map and photograph.", label="Map and photograph"),
        Choice("bundle_by", "none", _BUNDLES, list(BUNDLES), label="Bundles"),
    )

    def read(self, request: Request, now: datetime) -> Content:
        parcels = selected(request)
        count = parcels.count()
        return Content(
            blocks=self._sections(request, parcels),
            subtitle=counted(count, "parcel") if count > 1 else "",
            rows=count * _CELLS,
            personal=has_owners(parcels),
            facts={"parcels": count},
        )

    def state(self, request: Request) -> list[Any]:
        photos = ParcelPhoto.objects.filter(county=request.county).aggregate(count=Count("pk"), newest=Max("pk"))
        return [*super().state(request), photos["count"], photos["newest"]]

    def _sections(self, request: Request, parcels: QuerySet[PropertyOperational]) -> Iterator[Section]:
        bundle_by = request.values["bundle_by"]
        parcel_files = files(
            request.county,
            keys(in_order(parcels, bundle_by)),
            owners=request.personal,
            pictures=request.values["pictures"],
            sheets=sheets_of(request.values["valuation_job"]),
            bundle_by=bundle_by,
        )
        yield from cards(parcel_files)


class ChangeOfValueNotice(ParcelReport):
    name = "change_of_value_notice"
    title = "Change of value notice"
    description = (
        "A letter to the owner of each parcel whose value changed, bundled for the mail; and the mailing list."
    )
    parameters = (
        *SELECTION,
        ValuationRun(
            "valuation_job",
            None,
            'The new values: those of a completed run, or of the "latest". Without one, the values on record.',
            label="Valuation run",
        ),
        Number(
            "minimum_change_percent",
            0.0,
            "Only values that changed by more than this, up or down.",
            0,
            1_000,
            label="Least change in percent",
            unit="percent",
        ),
        Day("notice_date", None, "Printed on it; without one, the county's today.", label="Date of the notice"),
        Day(
            "appeal_by",
            None,
            "The last day to appeal, after the date of the notice; printed where given.",
            label="Appeal by",
        ),
        Choice("bundle_by", "postal_code", _BUNDLES, list(BUNDLES), label="Bundles"),
    )

    def complete(self, values: dict[str, Any], county: County, user: AnyUser) -> dict[str, Any]:
        """The date of the notice is settled, so that a rerun has it; nobody can appeal before the letter is written."""
        sent = values["notice_date"] or today(county).isoformat()
        if values["appeal_by"] and values["appeal_by"] <= sent:
            late = f"The last day to appeal, {values['appeal_by']}, is not after the date of the notice, {sent}."
            raise InvalidRequest({"appeal_by": f"{late} Give a later day."})
        return {**values, "notice_date": sent}

    def check(self, request: Request) -> dict[str, list[str]]:
        problems = faults(request)
        if not request.personal:
            fault = "Notices name owners and their addresses. Requires the right to personal data of the county."
            problems["report_type"] = [fault]
        if not problems and request.run_wanted is None and not _Changes(request).parcels.exists():
            problems["parameters"] = [
                "No value of these parcels has changed by more than that: there is nobody to notify."
            ]
        return problems

    def read(self, request: Request, now: datetime) -> Content:
        changes = _Changes(request)
        count = changes.parcels.count()
        letter = notice.Letter(
            sent_on=date.fromisoformat(request.values["notice_date"]),
            appeal_by=date.fromisoformat(by) if (by := request.values["appeal_by"]) else None,
            how_to_appeal=appeal_text(request),
            signature=tuple(filter(None, (brand_of(request.county, self.name).office, str(request.county)))),
        )

        def companions(folder: Path) -> list[Path]:
            path = folder / "mailing_list.csv"
            tables.write(notice.MAILING, changes.mailing_list(), [path])
            return [path]

        return Content(
            blocks=changes.sections(letter),
            subtitle=counted(count, "notice"),
            rows=count * 60,
            personal=True,
            facts={"notices": count},
            companions=companions,
        )


class _Changes:
    """The parcels whose value changed by more than was asked: between a run's values and those before it, or between
    those on record and the newest of an earlier tax year."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._job = (
            ValuationJob.objects.get(pk=request.values["valuation_job"]) if request.values["valuation_job"] else None
        )
        share = request.values["minimum_change_percent"] / 100
        parcels = selected(request)
        if self._job is None:
            earlier = standing().filter(property=OuterRef("pk"), tax_year__lt=OuterRef("tax_year"))
            self._before = earlier.order_by("-tax_year", "-effective_date")
            parcels = parcels.annotate(now=F("total_value"), then=Subquery(self._before.values("total_value")[:1]))
        else:
            rows = values.of_job(self._job).filter(property=OuterRef("pk")).exclude(state="rejected")
            now = Subquery(rows.values(stands=PropertyValuation.final_value)[:1])
            parcels = parcels.annotate(now=now, then=Subquery(rows.values("previous_value")[:1]))
        changed = Q(now__gt=F("then") * (1.0 + share)) | Q(now__lt=F("then") * (1.0 - share))
        self.parcels = parcels.filter(changed)

    def sections(self, letter: notice.Letter) -> Iterator[Section]:
        bundle_by = self._request.values["bundle_by"]
        ids = keys(in_order(self.parcels, bundle_by))
        job = self._job.pk if self._job else None
        parcel_files = files(
            self._request.county,
            ids,
            owners=True,
            pictures=False,
            sheets=sheets_of(job, brief=True),
            bundle_by=bundle_by,
        )
        yield from notices(parcel_files, letter)

    def mailing_list(self) -> Iterator[tuple[Any, ...]]:
        bundle_by = self._request.values["bundle_by"]
        rows = in_order(self.parcels, bundle_by).defer("geometry", "point")
        for one in rows.iterator(chunk_size=2_000):
            place = (one.mailing_city, one.mailing_state, one.mailing_postal_code)
            yield (one.parcel_number, one.owner_name, one.mailing_address, *place, bundle_of(one, bundle_by))


def sheets_of(job_id: UUID | str | None, *, brief: bool = False) -> Callable[[list[int]], dict[int, Any]] | None:
    """Reads the sheets of a run for some parcels. ``brief``: without what fills pages."""
    if job_id is None:
        return None
    job = ValuationJob.objects.get(pk=job_id)

    def read(ids: list[int]) -> dict[int, Any]:
        rows = list(values.of_job(job).filter(property__in=ids))
        if brief:
            for row in rows:
                row.approaches, row.comparables, row.reasons = [], [], {}
        return {row.property_id: sheet for row, sheet in zip(rows, sheets(rows), strict=True)}

    return read


def has_owners(parcels: QuerySet[PropertyOperational]) -> bool:
    there = Q()
    for name in PERSONAL_DATA:
        there |= ~Q(**{name: ""})
    return bool(parcels.filter(there).exists())


def appeal_text(request: Request) -> str:
    how_to_appeal = CountyBranding.objects.filter(county=request.county).values_list("how_to_appeal", flat=True).first()
    return how_to_appeal or "Ask the assessor's office how to appeal."
