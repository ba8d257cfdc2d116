"""Queries whose SQL is kept answer as Django's own do."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.gis.geos import Point
from django.db.models import Model, QuerySet

from gis_export.models import GisExportJob
from terrafusion.accounts import lookup, tokens
from terrafusion.accounts.models import Token
from terrafusion.kept import Kept
from terrafusion.records import access
from terrafusion.records.models import County
from tests.conftest import MakeUser
from tests.dummy_plugin.models import DummyJob
from tests.dummy_plugin.views import DummyViewSet

NONE = uuid.UUID(int=0)


def columns(row: Model) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if name != "_state"}


def same(kept: Kept[Any], value: Any) -> list[Any]:
    """The rows, after a look that they are those of the queryset, column by column and relation by relation."""
    cached, expected = kept.list(value), list(kept.rows(value))
    assert [*map(columns, cached)] == [*map(columns, expected)]
    for row, other in zip(cached, expected, strict=True):
        assert row.get_deferred_fields() == other.get_deferred_fields()
        assert (row._state.db, row._state.adding) == (other._state.db, other._state.adding)
        assert {*row._state.fields_cache} == {*other._state.fields_cache}
    return cached


def exports(pk: uuid.UUID) -> QuerySet[GisExportJob]:
    return GisExportJob.objects.filter(pk=pk).order_by()


def test_the_queries_of_each_request(analyst: Any, county: County, other_county: County, make_user: MakeUser) -> None:
    made, _ = tokens.make(analyst)
    (token,) = same(lookup._by_digest, made.pk)
    assert columns(token.user) == columns(Token.objects.select_related("user").get().user)
    everywhere = make_user("everywhere", "manager", county, other_county, may_see_personal_data=True)
    assert len(same(access._grants, everywhere.pk)) == 2
    job = DummyJob.objects.create(county=county, flavour="plain", submitted_by=analyst, parameters={"seconds": 3})
    (job_read,) = same(DummyViewSet._brief_job, job.pk)
    assert "result_summary" in job_read.get_deferred_fields()
    assert DummyViewSet._brief_job.first(NONE) is None


def test_geometries_and_arrays_come_as_the_model_has_them(county: County) -> None:
    job = GisExportJob.objects.create(
        county=county, export_format="CSV", layers=["parcels", "sales"], area_of_interest=Point(-122, 47, srid=4326)
    )
    (job_read,) = same(Kept(exports, like=NONE), job.pk)
    assert (job_read.layers, job_read.area_of_interest.srid) == (["parcels", "sales"], 4326)


def test_django_is_asked_for_the_sql_once(county: County) -> None:
    asked = []

    def counted(pk: uuid.UUID) -> QuerySet[GisExportJob]:
        asked.append(pk)
        return exports(pk)

    kept = Kept(counted, like=NONE)
    jobs = [GisExportJob.objects.create(county=county, export_format="CSV", layers=[]) for _ in range(2)]
    assert [kept.first(job.pk) for job in jobs] == jobs
    assert asked == [NONE]


def test_a_value_of_another_type_is_refused(db: None) -> None:
    with pytest.raises(TypeError, match="takes a value of the type UUID, not '"):
        Kept(exports, like=NONE).first("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")


def test_the_value_is_the_only_parameter(db: None) -> None:
    with pytest.raises(ValueError, match="the only parameter"):
        Kept(lambda pk: exports(pk).filter(export_format="CSV"), like=NONE).first(NONE)
