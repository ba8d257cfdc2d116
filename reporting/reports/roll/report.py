"""Reads the roll."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, Greatest

from reporting.document import blocks as b
from reporting.document.names import named as called_as
from reporting.document.names import natural
from reporting.errors import NotReconciled
from reporting.reports import land
from reporting.reports.base import Content, Report, Request
from reporting.reports.parcels import nothing_there, unknown
from reporting.reports.roll.build import MONEY, Groups, Roll, Sums, build, columns
from terrafusion.jobs.request import Choice, Integer, Text, Texts
from terrafusion.jobs.rights import Needs
from terrafusion.records import order
from terrafusion.records.county_time import today
from terrafusion.records.errors import FieldRefused
from terrafusion.records.layers import named
from terrafusion.records.layers.reference import layer_of
from terrafusion.records.models import PropertyOperational, PropertyValueHistory, ReferenceFeature, ReferenceLayer
from terrafusion.records.values import standing
from terrafusion.records.versions import source

_ORDERS = {
    "parcel_number": ("parcel_number",),
    "address": ("situs_city", "situs_address", "parcel_number"),
    "neighborhood": ("neighborhood", "parcel_number"),
}
_BATCH = 2_000
_OUTSIDE = "(outside every district)"


class AssessmentRoll(Report):
    name = "assessment_roll"
    title = "Assessment roll"
    description = "Every parcel with values, exemptions and class; totals by class, neighborhood and district."
    parameters = (
        Integer(
            "tax_year",
            None,
            "Values of this year from the value history; without it, the parcels' present values.",
            1800,
            2200,
            label="Tax year",
        ),
        Texts("property_class", [], "Only parcels of these classes.", 100, label="Classes"),
        Choice("order", "parcel_number", "Order of the parcels.", list(_ORDERS), label="Order"),
        Text(
            "district_layer",
            None,
            "A reference layer of areas, such as taxing districts: totals are given for each of its areas.",
            40,
            label="Districts",
        ),
        Text(
            "district_label",
            None,
            "The layer's attribute that names a district; without it, the feature's key.",
            60,
            label="Name of a district",
        ),
    )
    landscape = True

    def check(self, request: Request) -> dict[str, list[str]]:
        faults = nothing_there(request)
        if faults:
            return faults
        values, county = request.values, request.county
        if values["property_class"]:
            known = PropertyOperational.objects.filter(county=county).values_list("property_class", flat=True)
            missing = unknown(values["property_class"], known.distinct(), "class", county.pk)
            if missing:
                faults["parameters.property_class"] = missing
        if values["district_layer"]:
            faults |= _check_districts(request)
        elif values["district_label"]:
            faults["parameters.district_label"] = ["Name the district_layer whose attribute it is."]
        if not faults and not RollRows(request).rows.exists():
            year = values["tax_year"]
            key = "parameters.tax_year" if year else "parameters.property_class"
            faults[key] = [f"No parcel has a value of {year}." if year else "No parcel is left."]
        return faults

    def needs(self, request: Request) -> Needs:
        layer, label = _layer(request), request.values["district_label"]
        field = named.open_fields(layer_of(layer), personal=True).get(label) if layer and label else None
        return Needs(personal=field is not None and field.personal)

    def sources(self, request: Request) -> tuple[str, ...]:
        sources = super().sources(request)
        layer = _layer(request)
        return (*sources, source(ReferenceLayer, layer.pk), source(ReferenceFeature, layer.pk)) if layer else sources

    def read(self, request: Request, now: datetime) -> Content:
        rows = RollRows(request)
        whole = rows.sums()
        groups = [
            Groups("Class", rows.grouped("property_class")),
            Groups("Neighborhood", rows.grouped("neighborhood")),
        ]
        layer = _layer(request)
        if layer:
            note = f"By {layer.title}: a parcel counts once, in the first district that its point lies in."
            groups.append(Groups("District", rows.in_districts(layer, request.values["district_label"]), note))
        counted = _Counted(rows.tuples(request.personal), whole)
        year = request.values["tax_year"]
        return Content(
            blocks=build(Roll(whole, tuple(groups), counted, request.personal, land.any_certified(request.county))),
            subtitle=f"Tax year {year}" if year else "Values on record",
            rows=whole.parcels * len(columns(request.personal)),
            personal=rows.has_owners(),
            facts={"parcels": whole.parcels, "totals": dict(zip(MONEY, whole.dollars, strict=True))},
            check=lambda: counted.check(groups),
        )


class RollRows:
    """The roll's rows as a queryset, of the present values or of a year's. Amounts are never below zero on a roll:
    what is taxable is the total less exemptions, and at least nothing."""

    def __init__(self, request: Request) -> None:
        values = request.values
        year = values["tax_year"]
        self._of = "property__" if year else ""
        parcels = request.parcels()
        if values["property_class"]:
            parcels = parcels.filter(property_class__in=values["property_class"])
        rows: QuerySet[Any] = parcels.order_by()
        if year:
            history = standing().filter(county=request.county, tax_year=year, property__in=rows)
            latest = (
                history.order_by("property_id", "-effective_date", "-certified").distinct("property_id").values("pk")
            )
            rows = PropertyValueHistory.objects.filter(pk__in=latest).order_by()
        left = Greatest(F("total_value") - Coalesce(F("exemptions"), 0), 0)
        self.rows = rows.annotate(taxable=Case(When(total_value=None, then=None), default=left))
        self._today = today(request.county)
        self._order = order.natural(*(f"{self._of}{name}" for name in _ORDERS[values["order"]]))

    def sums(self) -> Sums:
        return _sums("Total", self.rows.aggregate(**_aggregates()))

    def grouped(self, field: str) -> tuple[Sums, ...]:
        totals = self.rows.values(group=F(f"{self._of}{field}")).annotate(**_aggregates()).order_by()
        return _in_order(_sums(called_as(row["group"]), row) for row in totals)

    def in_districts(self, layer: ReferenceLayer, label: str | None) -> tuple[Sums, ...]:
        """By the first district that covers the parcel's point."""
        covering = ReferenceFeature.objects.filter(layer=layer, geometry__covers=OuterRef(f"{self._of}point"))
        called = KeyTextTransform(label, "attributes") if label else F("feature_key")
        district = Subquery(covering.order_by("feature_key").values(called=called)[:1])
        totals = self.rows.values(group=district).annotate(**_aggregates()).order_by()
        return _in_order(_sums(row["group"] or _OUTSIDE, row) for row in totals)

    def has_owners(self) -> bool:
        return bool(self.rows.exclude(**{f"{self._of}owner_name": ""}).exists())

    def tuples(self, owners: bool) -> Iterator[b.Row]:
        names = ["parcel_number", "situs_address", "situs_city", *(["owner_name"] if owners else [])]
        names += ["property_class", "use_code", "neighborhood"]
        values = ["land_value", "improvement_value", "total_value", "exemptions", "taxable"]
        fields = [*(f"{self._of}{name}" for name in names), land.SOURCE, *values]
        rows = self._with_source().order_by(*self._order).values_list(*fields)
        place = len(names)
        for row in rows.iterator(chunk_size=_BATCH):
            yield (*row[:place], land.short(row[place]), *row[place + 1 :])

    def _with_source(self) -> QuerySet[Any]:
        return land.of_entries(self.rows) if self._of else land.of_parcels(self.rows, self._today)


class _Counted:
    """The rows, summed as they pass to the file."""

    def __init__(self, rows: Iterator[b.Row], whole: Sums) -> None:
        self._rows, self._whole = rows, whole
        self._parcels = 0
        self._dollars = [0] * len(MONEY)

    def __iter__(self) -> Iterator[b.Row]:
        first = -len(MONEY)
        dollars = self._dollars
        for row in self._rows:
            self._parcels += 1
            for index, amount in enumerate(row[first:]):
                if amount is not None:
                    dollars[index] += amount
            yield row

    def check(self, groups: list[Groups]) -> None:
        """Raises NotReconciled unless rows, groups and the whole are the same parcels and dollars."""
        whole = (self._whole.parcels, self._whole.dollars)
        if (self._parcels, tuple(self._dollars)) != whole:
            raise NotReconciled("The rows that were written do not add up to the database's totals.")
        for group in groups:
            parcels = sum(sums.parcels for sums in group.sums)
            dollars = tuple(sum(amounts) for amounts in zip(*(sums.dollars for sums in group.sums), strict=True))
            if (parcels, dollars) != whole:
                raise NotReconciled(f"The totals by {group.title.lower()} do not add up to those of the roll.")


def _aggregates() -> dict[str, Any]:
    columns_of = zip(MONEY, ("land_value", "improvement_value", "total_value", "exemptions", "taxable"), strict=True)
    return {
        "parcels": Count("pk"),
        "without_value": Count("pk", filter=Q(total_value=None)),
        **{f"sum_{name}": Coalesce(Sum(column), 0) for name, column in columns_of},
    }


def _sums(name: str, row: dict[str, Any]) -> Sums:
    return Sums(name, row["parcels"], row["without_value"], tuple(int(row[f"sum_{money}"]) for money in MONEY))


def _in_order(groups: Iterable[Sums]) -> tuple[Sums, ...]:
    return tuple(sorted(groups, key=lambda sums: natural(sums.name)))


def _layer(request: Request) -> ReferenceLayer | None:
    return ReferenceLayer.objects.filter(county=request.county, name=request.values["district_layer"] or "").first()


def _check_districts(request: Request) -> dict[str, list[str]]:
    county = request.county
    layers = ReferenceLayer.objects.filter(county=county, geometry_type="MultiPolygon")
    wanted = request.values["district_layer"]
    missing = unknown([wanted], layers.values_list("name", flat=True), "layer of areas", county.pk)
    if missing:
        return {"parameters.district_layer": missing}
    label = request.values["district_label"]
    if label:
        try:
            named.find(layer_of(layers.get(name=wanted)), label, personal=request.personal)
        except FieldRefused as refused:
            return {"parameters.district_label": [str(refused)]}
    return {}
