"""Values, ratios and residuals as layers, for exports and the map.

``values``: the newest run of the whole county (of a part of it, where there is none). ``certified_values``: what was
certified last for each parcel. ``ratios`` and ``residuals``: the sales that the newest run was held against.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import CharField, F, FloatField, Func, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, NullIf

from terrafusion.records import layers
from terrafusion.records.layers import FieldType, Layer, LayerField
from terrafusion.records.models import County, PropertyOperational
from terrafusion.records.versions import source
from valuation import values
from valuation.models import EvaluationSale, PropertyValuation, ValuationJob

_FLAGS = Func(F("flags"), Value(" "), function="array_to_string", output_field=CharField())
_CHANGE = PropertyValuation.final_value - F("previous_value")
_PERCENT = Cast(_CHANGE, FloatField()) * 100 / NullIf(F("previous_value"), Value(0))


def _text(name: str, short: str, width: int, expression: Combinable | None = None, description: str = "") -> LayerField:
    return LayerField(
        name, FieldType.TEXT, expression or F(name), width=width, short_name=short, description=description
    )


def _dollars(
    name: str, short: str, expression: Combinable | None = None, *, total: bool = False, description: str = ""
) -> LayerField:
    return LayerField(
        name,
        FieldType.INTEGER,
        expression or F(name),
        unit="USD",
        assessment=True,
        total=total,
        short_name=short,
        description=description,
    )


_PLACE = (
    _text("parcel_number", "PARCEL_NO", 40),
    _text("property_class", "PROP_CLASS", 40),
    _text("neighborhood", "NBHD", 40),
)
_VALUE_FIELDS = (
    *_PLACE,
    _dollars("value", "VALUE", PropertyValuation.final_value, total=True, description="The figure that stands."),
    _dollars("value_low", "VALUE_LOW"),
    _dollars("value_high", "VALUE_HIGH"),
    _dollars("land_value", "LAND_VALUE", PropertyValuation.final_land, description="Never above the value."),
    _text("land_source", "LAND_SRC", 20, description="What the land value rests on."),
    _dollars("improvement_value", "IMPR_VALUE", PropertyValuation.final_improvement),
    _dollars("previous_value", "PREV_VALUE"),
    _dollars("change", "CHANGE", _CHANGE, description="Value less previous value."),
    LayerField("change_percent", FieldType.REAL, _PERCENT, unit="percent", assessment=True, short_name="CHANGE_PCT"),
    _text("state", "STATE", 9, description="proposed, reviewed, certified or rejected"),
    _text("flags", "FLAGS", 400, _FLAGS, "Warnings, by their codes."),
    _text("valuation_method", "METHOD", 20, F("job__valuation_method")),
    LayerField("valuation_date", FieldType.DATE, F("job__valuation_date"), short_name="VAL_DATE"),
    LayerField("effective_date", FieldType.DATE, F("effective_date"), short_name="EFF_DATE"),
    LayerField("tax_year", FieldType.INTEGER, F("tax_year"), unit="year", short_name="TAX_YEAR"),
    _text("job_id", "JOB_ID", 36, Cast(F("job_id"), CharField())),
)
_SALE_FIELDS = (
    _text("sale_id", "SALE_ID", 60),
    *_PLACE,
    LayerField("sale_date", FieldType.DATE, F("sale_date"), short_name="SALE_DATE"),
    LayerField("sale_price", FieldType.INTEGER, F("sale_price"), unit="USD", short_name="SALE_PRICE"),
    LayerField("adjusted_price", FieldType.REAL, F("adjusted_price"), unit="USD", short_name="ADJ_PRICE"),
    LayerField("value", FieldType.REAL, F("value"), unit="USD", assessment=True, short_name="VALUE"),
)
_RATIO = LayerField("ratio", FieldType.REAL, F("ratio"), description="Value over adjusted price.", short_name="RATIO")
_RESIDUALS = (
    LayerField(
        "residual", FieldType.REAL, F("residual"), unit="USD", short_name="RESIDUAL", description="Value less price."
    ),
    LayerField(
        "residual_percent",
        FieldType.REAL,
        (F("ratio") - 1.0) * 100,
        unit="percent",
        description="Residual in percent of the adjusted price.",
        short_name="RESID_PCT",
    ),
)


def run_values(county: County) -> Layer | None:
    job = values.latest_job(county)
    if job is None:
        return None
    description = f"Values of the {job.method_name} run {job.pk} for {job.valuation_date}."
    return _of_parcels(
        "values", "Values", description, county, values.of_job(job).filter(value__isnull=False), _since(job)
    )


def certified_values(county: County) -> Layer | None:
    newest = values.certified(county).values("pk")
    rows = PropertyValuation.objects.filter(pk__in=newest)
    if not rows.exists():
        return None
    description = "Each parcel's certified value that is effective last."
    return _of_parcels("certified_values", "Certified values", description, county, rows, lambda: _decided(county))


def ratios(county: County) -> Layer | None:
    return _of_sales("ratios", "Ratios", county, (*_SALE_FIELDS, _RATIO))


def residuals(county: County) -> Layer | None:
    return _of_sales("residuals", "Residuals", county, (*_SALE_FIELDS, *_RESIDUALS))


def _of_parcels(
    name: str, title: str, description: str, county: County, rows: QuerySet[Any], changed_at: Callable[[], datetime]
) -> Layer:
    return Layer(
        name=name,
        title=title,
        description=description,
        geometry_type="MultiPolygon",
        geometry="property__geometry",
        queryset=rows,
        fields=_VALUE_FIELDS,
        changed_at=changed_at,
        sources=_sources(county),
    )


def _of_sales(name: str, title: str, county: County, fields: tuple[LayerField, ...]) -> Layer | None:
    job = values.latest_evaluated(county)
    if job is None:
        return None
    return Layer(
        name=name,
        title=title,
        description=f"Sales that the {job.method_name} run {job.pk} for {job.valuation_date} was held against.",
        geometry_type="Point",
        geometry="point",
        queryset=EvaluationSale.objects.filter(job=values.made_by(job)),
        fields=fields,
        changed_at=_since(job),
        sources=_sources(county),
    )


def _since(job: ValuationJob) -> Callable[[], datetime]:
    return lambda: job.completed_at or layers.epoch()


def _decided(county: County) -> datetime:
    return values.last_certified_at(county) or layers.epoch()


def _sources(county: County) -> tuple[str, ...]:
    read: tuple[Any, ...] = (PropertyValuation, ValuationJob, PropertyOperational)
    return tuple(source(model, county.pk) for model in read)


def register_all() -> None:
    layers.register("values", run_values)
    layers.register("certified_values", certified_values)
    layers.register("ratios", ratios)
    layers.register("residuals", residuals)
