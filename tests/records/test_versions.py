"""Whatever changes data changes its version, and nothing else does."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from terrafusion.records import versions
from terrafusion.records.layers import layers_of
from terrafusion.records.models import DataChange, PropertyOperational, Sale
from tests.api.data import CountyData, make_county


@pytest.fixture
def county(transactional_db: None) -> CountyData:
    return make_county("COUNTY01")


@pytest.fixture
def other(transactional_db: None) -> CountyData:
    return make_county("COUNTY02")


def versions_of(data: CountyData) -> dict[str, str]:
    return {layer.name: versions.of(layer.sources) for layer in layers_of(data.county)}


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize(
    ("statement", "layers"),
    [
        ("UPDATE records_propertyoperational SET zoning = 'X' WHERE county_id = 'COUNTY01'", {"parcels"}),
        ("UPDATE records_propertyvaluehistory SET total_value = 1 WHERE county_id = 'COUNTY01'", {"parcels"}),
        ("UPDATE records_sale SET sale_price = 1 WHERE county_id = 'COUNTY01'", {"parcels", "sales"}),
        (
            "INSERT INTO records_sale (county_id, sale_id, parcel_number, sale_date, sale_price, deed_code, "
            "validity_code, multi_parcel, source, updated_at) "
            "VALUES ('COUNTY01', 'new', '1', '2024-01-01', 1, '', '', false, '', now())",
            {"parcels", "sales"},
        ),
        ("DELETE FROM records_sale WHERE county_id = 'COUNTY01' AND sale_id = 'S1'", {"parcels", "sales"}),
        (
            "UPDATE records_referencefeature SET attributes = '{}' WHERE layer_id IN "
            "(SELECT id FROM records_referencelayer WHERE county_id = 'COUNTY01')",
            {"zoning"},
        ),
        ("UPDATE records_referencelayer SET title = 'Other' WHERE county_id = 'COUNTY01'", {"zoning"}),
        ("UPDATE records_sale SET sale_price = 1 WHERE county_id = 'COUNTY03'", set()),
    ],
)
def test_sql_that_nobody_declared(county: CountyData, other: CountyData, statement: str, layers: set[str]) -> None:
    before, others = versions_of(county), versions_of(other)
    with psycopg.connect(**connection.get_connection_params()) as stranger:
        stranger.execute("SET search_path TO pg_catalog, public")
        stranger.execute(statement)
    assert changed(before, versions_of(county)) == layers
    assert versions_of(other) == others


def test_rows_that_move_to_another_county(county: CountyData, other: CountyData) -> None:
    before, others = versions_of(county), versions_of(other)
    Sale.objects.filter(county=county.county, sale_id="S1").update(county=other.county, sale_id="moved")
    assert changed(before, versions_of(county)) == changed(others, versions_of(other)) == {"parcels", "sales"}


def test_a_table_that_is_emptied(county: CountyData, other: CountyData) -> None:
    before, others = versions_of(county), versions_of(other)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE records_sale")
    assert changed(before, versions_of(county)) == changed(others, versions_of(other)) == {"parcels", "sales"}


def test_changes_count_when_they_are_committed_and_hold_up_nobody(county: CountyData) -> None:
    before = versions_of(county)
    with psycopg.connect(**connection.get_connection_params()) as slow:
        slow.execute("UPDATE records_propertyoperational SET zoning = 'X' WHERE parcel_number = '000001'")
        assert versions_of(county) == before
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")
        PropertyOperational.objects.filter(parcel_number="000002").update(zoning="Y")  # while the other is at work
        between = versions_of(county)
        assert changed(before, between) == {"parcels"}
    assert changed(between, versions_of(county)) == {"parcels"}  # though it began earlier
    after = versions_of(county)
    with transaction.atomic():
        Sale.objects.update(sale_price=5)
        assert changed(after, versions_of(county)) == {"parcels", "sales"}
        transaction.set_rollback(True)
    assert versions_of(county) == after


def test_many_changes_are_compacted_to_one(county: CountyData, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "MAX_CHANGES", 4)
    for number in range(5):
        Sale.objects.filter(sale_id="S1").update(sale_price=number)
    sales: dict[str, Any] = {"source": versions.source(Sale, county.county.pk)}
    old = versions_of(county)["zoning"]
    rows = DataChange.objects.filter(**sales).count()
    assert versions.compact() >= rows > 4
    assert DataChange.objects.filter(**sales).count() == 1
    assert versions.compact() == 0
    assert versions_of(county)["zoning"] == old
    before = versions_of(county)
    Sale.objects.filter(sale_id="S1").update(sale_price=9)
    assert changed(before, versions_of(county)) == {"parcels", "sales"}
