"""Each field of a parcel is declared once, and every place that shows, loads, or uses fields has it."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import pytest
from django.db import models
from django.urls import reverse
from rest_framework.test import APIClient

from market_analysis.catalogue import PRICE_INDEX, TIME_ADJUSTMENT
from market_analysis.stats import hedonic
from reporting.reports.parcel.read import files
from terrafusion.records.layers.registry import layers_named
from terrafusion.records.loading.targets import PARCEL_TARGETS
from terrafusion.records.models import County, PropertyOperational, Sale
from terrafusion.records.parcel_fields import BY_NAME, FIELDS, PERSONAL_DATA
from terrafusion.records.sales import frame
from tests.valuation import data
from valuation.labels import label, unit
from valuation.mass_appraisal.features import RISING
from valuation.run import records
from valuation.sheet import sheet

NO_FIELDS = ("id", "county", "geometry", "point", "source", "as_of", "updated_at")
"""Columns of a parcel that are no fields: its keys, its shapes, and where its record is from."""
COUNT = 24


def _value(column: models.Field[Any, Any], number: int) -> Any:
    """One that no other column has."""
    place = list(BY_NAME).index(column.name)
    if column.name == "parcel_number":
        return f"{number:04d}"
    if isinstance(column, models.CharField):
        return f"{'ab'[number % 2]}{place}"[: column.max_length]
    if BY_NAME[column.name].unit == "year":
        return 1900 + 2 * place + (number * 7) % 20
    return 100 * place + (number * number) % 17 + 1


@pytest.fixture
def parcels(db: None, county: County) -> list[PropertyOperational]:
    columns = [column for column in PropertyOperational._meta.concrete_fields if column.name in BY_NAME]
    made = [
        PropertyOperational(county=county, **{one.name: _value(one, number) for one in columns})
        for number in range(COUNT)
    ]
    PropertyOperational.objects.bulk_create(made)
    Sale.objects.bulk_create(
        Sale(
            county=county,
            sale_id=f"S{one.pk}",
            parcel_number=one.parcel_number,
            property=one,
            sale_date=datetime.date(2021, 1, 1),
            sale_price=100_000,
        )
        for one in made
    )
    return made


def test_every_column_is_declared_in_its_order() -> None:
    columns = [column.name for column in PropertyOperational._meta.concrete_fields]
    assert [name for name in columns if name not in NO_FIELDS] == list(BY_NAME)
    short = [field.short_name for field in FIELDS]
    assert len(set(short)) == len(short)
    assert max(map(len, short)) <= 10


def test_rest_returns_every_field_that_is_not_personal(api: APIClient, parcels: list[PropertyOperational]) -> None:
    properties = api.get(reverse("property-detail", args=[parcels[3].pk])).json()["properties"]
    shown = {name: value for name, value in properties.items() if name in BY_NAME}
    assert shown == {name: getattr(parcels[3], name) for name in BY_NAME if name not in PERSONAL_DATA}


def test_the_layer_and_the_loader_have_every_field(county: County, parcels: list[PropertyOperational]) -> None:
    layer = layers_named(county, ["parcels"])["parcels"]
    assert [field.name for field in layer.fields] == [*BY_NAME, "as_of"]
    row = layer.queryset.values(**{field.name + "_": field.expression for field in layer.fields}).get(pk=parcels[3].pk)
    for field in layer.fields[:-1]:
        assert row[field.name + "_"] == getattr(parcels[3], field.name)
        declared = BY_NAME[field.name]
        assert (field.personal, field.assessment) == (declared.personal, declared.assessment)
        assert PARCEL_TARGETS[field.name].personal is declared.personal


def test_data_frames_have_every_field_that_is_declared_for_them(
    county: County, parcels: list[PropertyOperational]
) -> None:
    sales = frame.read(frame.SalesQuery(county.pk)).set_index("parcel_number")
    (chunk,) = records.chunks(np.array([one.pk for one in parcels]))
    chunk = chunk.set_index("parcel_number")
    declared = [field.name for field in FIELDS if field.frame]
    assert declared
    for name in declared:
        for one in parcels:
            assert sales.loc[one.parcel_number, name] == chunk.loc[one.parcel_number, name] == getattr(one, name)
    assert {name for name in BY_NAME if name in sales} == set(declared)


def test_price_indices_use_every_field_that_explains_prices(county: County, parcels: list[PropertyOperational]) -> None:
    explaining = {field.name for field in FIELDS if field.explains}
    learned = hedonic.learn(frame.read(frame.SalesQuery(county.pk)))
    assert {name.removesuffix("_squared") for name in learned.centers} | set(learned.levels) == explaining
    assert explaining <= set(PRICE_INDEX.columns)
    assert explaining <= set(TIME_ADJUSTMENT.columns)


def test_what_rises_in_mass_appraisal_is_declared_so() -> None:
    assert {field.name for field in FIELDS if field.rising} == RISING


def test_sheets_and_cards_have_every_field_that_is_declared_for_them(
    county: County, parcels: list[PropertyOperational]
) -> None:
    shown = sheet(data.proposed(data.run_of(county), parcels[3]))["parcel"]
    assert shown == {field.name: getattr(parcels[3], field.name) for field in FIELDS if field.sheet}
    (file,) = files(county, [parcels[3].pk], owners=False, pictures=False)
    printed = {figure.name: (figure.label, figure.value) for figure in file.characteristics}
    assert printed == {field.name: (field.card, getattr(parcels[3], field.name)) for field in FIELDS if field.card}
    for field in FIELDS:
        assert (label(field.name), unit(field.name)) == (field.words, field.per if "year" not in field.name else "year")
