"""The sections of record cards and of notices, one a parcel. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reporting.document.blocks import Section
from reporting.reports.parcel import card, notice
from reporting.reports.parcel.file import AnnualValues, ParcelFile


def cards(parcels: Iterable[ParcelFile]) -> Iterator[Section]:
    yield from map(card.section, parcels)


def notices(parcels: Iterable[ParcelFile], letter: notice.Letter) -> Iterator[Section]:
    for parcel in parcels:
        yield notice.section(parcel, *_before_and_now(parcel), letter)


def _before_and_now(parcel: ParcelFile) -> tuple[AnnualValues, AnnualValues]:
    current = parcel.current
    if parcel.sheet is None:
        earlier = [v for v in parcel.history if current.tax_year is None or (v.tax_year or 0) < current.tax_year]
        return (earlier[0] if earlier else AnnualValues(None, None, None, None, None, None)), current
    sheet = parcel.sheet
    now = AnnualValues(
        sheet["tax_year"], None, sheet["land_value"], sheet["improvement_value"], sheet["value"], current.exemptions
    )
    before = AnnualValues(
        current.tax_year, None, current.land, current.improvements, sheet["previous_value"], current.exemptions
    )
    return before, now
