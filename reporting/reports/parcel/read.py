"""Reads parcels' files, some hundred at a time, so that thousands take no more memory than one batch."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from django.db.models import FloatField, IntegerField, QuerySet

from reporting.document.blocks import Figure
from reporting.geometry import parcel_maps
from reporting.models import ParcelPhoto
from reporting.reports import land
from reporting.reports.parcel.file import AnnualValues, Owner, ParcelFile, ParcelSale, ValueSheet
from terrafusion.records import order, parcel_fields
from terrafusion.records.county_time import today
from terrafusion.records.models import County, PropertyOperational, PropertyValueHistory, Sale
from terrafusion.records.values import standing
from terrafusion.tables import Kind
from terrafusion.words import day

log = logging.getLogger(__name__)
BATCH = 100


def _kind(field: parcel_fields.ParcelField) -> Kind:
    """How the card shows it."""
    column = PropertyOperational._meta.get_field(field.name)
    if field.unit == "year":
        return Kind.YEAR
    if isinstance(column, FloatField):
        return Kind.NUMBER
    return Kind.INTEGER if isinstance(column, IntegerField) else Kind.TEXT


_CHARACTERISTICS = tuple(
    (field.name, field.card, _kind(field), field.decimals) for field in parcel_fields.on_the_card()
)


def files(
    county: County,
    ids: Iterable[int],
    *,
    owners: bool,
    pictures: bool = True,
    sheets: Callable[[list[int]], dict[int, ValueSheet]] | None = None,
    bundle_by: str = "none",
) -> Iterator[ParcelFile]:
    """The files in the order of ``ids``. ``owners``: with whom they belong to. ``pictures``: with map and photograph.
    ``sheets(ids)`` gives the valuation sheets that there are, by the parcel's key."""
    waiting = iter(ids)
    while batch := list(islice(waiting, BATCH)):
        parcels = _parcels(county, batch)
        history: dict[int, list[AnnualValues]] = defaultdict(list)
        for row in land.of_entries(standing()).filter(property__in=batch).order_by("-effective_date", "-tax_year"):
            history[row.property_id].append(of_history(row))
        sales: dict[int | None, list[ParcelSale]] = defaultdict(list)
        for sale in Sale.objects.filter(county=county, property__in=batch).order_by("-sale_date", "-pk"):
            sales[sale.property_id].append(
                ParcelSale(sale.sale_date, sale.sale_price, sale.deed_code, sale.validity_code, sale.multi_parcel)
            )
        maps = parcel_maps(county, batch) if pictures else {}
        photos = _photos(batch) if pictures else {}
        valued: dict[int, ValueSheet] = sheets(batch) if sheets else {}
        for key in batch:
            parcel = parcels.get(key)
            if parcel is None:
                continue
            photo, note = photos.get(key, (None, ""))
            yield ParcelFile(
                number=parcel.parcel_number,
                situs=_lines(parcel.situs_address, f"{parcel.situs_city} {parcel.situs_postal_code}"),
                owner=_owner(parcel) if owners else None,
                characteristics=tuple(
                    Figure(name, label, getattr(parcel, name), kind, decimals)
                    for name, label, kind, decimals in _CHARACTERISTICS
                ),
                current=of_parcel(parcel),
                history=tuple(history[key]),
                sales=tuple(sales[key]),
                map=maps[key].svg() if key in maps else None,
                photo=photo,
                photo_note=note,
                sheet=valued.get(key),
                neighborhood=parcel.neighborhood,
                property_class=parcel.property_class,
                bundle=bundle_of(parcel, bundle_by),
            )


def _parcels(county: County, batch: list[int]) -> dict[int, PropertyOperational]:
    rows = land.of_parcels(PropertyOperational.objects.filter(county=county), today(county))
    return rows.defer("geometry", "point").in_bulk(batch)


BUNDLES = {"none": "", "postal_code": "mailing_postal_code", "neighborhood": "neighborhood"}
"""What letters can be bundled by, and the field that says so."""


def in_order(parcels: QuerySet[PropertyOperational], bundle_by: str) -> QuerySet[PropertyOperational]:
    """Bundle after bundle, in each by number."""
    field = BUNDLES[bundle_by]
    return parcels.order_by(*order.natural(*([field] if field else []), "parcel_number"))


def keys(parcels: QuerySet[PropertyOperational]) -> Iterator[int]:
    """Of the parcels, in the order that they have."""
    return parcels.values_list("pk", flat=True).iterator(chunk_size=2_000)


def bundle_of(parcel: PropertyOperational, bundle_by: str) -> str:
    field = BUNDLES[bundle_by]
    return (str(getattr(parcel, field))[:5] or "without") if field else ""


def of_parcel(parcel: PropertyOperational) -> AnnualValues:
    return AnnualValues(
        parcel.tax_year,
        None,
        parcel.land_value,
        parcel.improvement_value,
        parcel.total_value,
        parcel.exemptions,
        land_source=getattr(parcel, land.SOURCE, None),
    )


def of_history(row: PropertyValueHistory) -> AnnualValues:
    return AnnualValues(
        row.tax_year,
        row.effective_date,
        row.land_value,
        row.improvement_value,
        row.total_value,
        row.exemptions,
        row.source,
        getattr(row, land.SOURCE, None),
    )


def _owner(parcel: PropertyOperational) -> Owner | None:
    place = f"{parcel.mailing_city} {parcel.mailing_state} {parcel.mailing_postal_code}"
    lines = _lines(parcel.mailing_address, place)
    if not parcel.owner_name and not lines:
        return None
    return Owner(parcel.owner_name, lines, parcel.mailing_postal_code)


def _lines(*lines: str) -> tuple[str, ...]:
    return tuple(text for line in lines if (text := " ".join(line.split())))


def _photos(batch: list[int]) -> dict[int, tuple[bytes, str]]:
    """Each parcel's newest photograph. One that cannot be had is left out: a card is worth more than its picture."""
    newest = (
        ParcelPhoto.objects.filter(property__in=batch)
        .order_by("property_id", "-taken_on", "-id")
        .distinct("property_id")
    )
    photos = {}
    for photo in newest:
        try:
            with photo.file.open("rb") as file:
                photos[photo.property_id] = (file.read(), " ".join(filter(None, (photo.caption, day(photo.taken_on)))))
        except OSError:
            log.exception("The photograph %s cannot be read", photo.pk)
    return photos
