"""A layer for each analysis of areas: one feature a place of the county's latest completed analysis.

The layer goes when the last job that holds the result expires, and with it its rows (``publication.save_areas``).
Whoever sees the county sees the layer, so it is of the latest analysis that every one of them may read.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db import models
from django.db.models import F
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from market_analysis.catalogue import ANALYSES, Analysis, AnalysisField
from market_analysis.models import MarketAnalysisJob, MarketArea
from terrafusion.jobs.states import Status
from terrafusion.records import layers
from terrafusion.records.layers import FieldType, Layer, LayerField
from terrafusion.records.models import County

_COLUMNS: dict[FieldType, models.Field[object, object]] = {
    FieldType.INTEGER: models.BigIntegerField(),
    FieldType.REAL: models.FloatField(),
    FieldType.BOOLEAN: models.BooleanField(),
}


def register_all() -> None:
    for analysis in ANALYSES.values():
        if analysis.areas:
            layers.register(f"market_{analysis.name}", partial(_layer, analysis))


def _layer(analysis: Analysis, county: County) -> Layer | None:
    latest = (
        MarketAnalysisJob.objects.filter(
            county=county, analysis_type=analysis.name, status=Status.COMPLETED, contains_personal_data=False
        )
        .order_by("-completed_at", "-job_id")
        .first()
    )
    if latest is None:
        return None
    made_by = latest.reused_from_id or latest.pk
    completed_at: datetime = latest.completed_at
    return Layer(
        name=f"market_{analysis.name}",
        title=f"Market: {analysis.title.lower()}",
        description=f"{analysis.description} By {latest.geography}; job {made_by}.",
        geometry_type="MultiPolygon",
        queryset=MarketArea.objects.filter(job=made_by),
        fields=(
            LayerField("place", FieldType.TEXT, F("key"), width=100, short_name="PLACE"),
            LayerField("sales", FieldType.INTEGER, F("sales"), description="Sales behind the figures."),
            *map(_field, analysis.areas),
            LayerField("withheld", FieldType.TEXT, F("withheld"), width=200, description="Why there is no figure."),
        ),
        source=f"Market analysis {made_by}",
        changed_at=lambda: completed_at,
        # Which job is the latest changes without a change of rows, so it has no version.
        sources=(),
    )


def _field(field: AnalysisField) -> LayerField:
    value = KT(f"values__{field.name}")
    return LayerField(
        name=field.name,
        type=field.type,
        expression=Cast(value, _COLUMNS[field.type]) if field.type in _COLUMNS else value,
        unit=field.unit,
        description=field.description,
        short_name=field.short_name,
    )
