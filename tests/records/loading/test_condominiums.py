"""Rolls with several rows for a parcel: accounts of a condominium whose figures belong together."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError

from terrafusion.records.models import County, PropertyOperational
from tests.records.loading.files import load, mapping, rejects, square, write, write_csv

MAPPING = """
duplicates = "merge"
[fields]
parcel_number = "LOT"
owner_name = "OWNER"
situs_address = { column = "ADDR", rows = "first" }
total_value = { column = "VALUE", rows = "sum" }
year_built = { column = "BUILT", null = [0], rows = "min" }
bedrooms = { column = "BEDS", rows = "max" }
"""
ROWS = [
    {"LOT": "A", "OWNER": "One", "ADDR": "", "VALUE": "100,000", "BUILT": "0", "BEDS": "1"},
    {"LOT": "B", "OWNER": "Two", "ADDR": "2 Elm", "VALUE": "5", "BUILT": "1990", "BEDS": ""},
    {"LOT": "A", "OWNER": "Three", "ADDR": "1 Oak #2", "VALUE": "50000", "BUILT": "1980", "BEDS": "3"},
    {"LOT": "A", "OWNER": "", "ADDR": "1 Oak #3", "VALUE": "", "BUILT": "1975", "BEDS": "2"},
]
FIELDS = ("parcel_number", "owner_name", "situs_address", "total_value", "year_built", "bedrooms")


def test_accounts_of_a_lot_are_put_together(king: County, tmp_path: Path) -> None:
    roll, said = write_csv(tmp_path / "roll.csv", ROWS), tmp_path / "rejects.csv"
    report = load(king, "parcels", roll, mapping=mapping(tmp_path, MAPPING), rejects=said)
    assert list(PropertyOperational.objects.order_by("parcel_number").values_list(*FIELDS)) == [
        ("A", "One", "1 Oak #2", 150_000, 1975, 3),
        ("B", "Two", "2 Elm", 5, 1990, None),
    ]
    assert (report["merged"], report["refused"]) == (2, {})
    assert report["left_out"].get("total_value", 0) == 0
    assert [row["detail"] for row in rejects(said)] == ["it was merged into row 1"] * 2
    again = load(king, "parcels", roll, mapping=mapping(tmp_path, MAPPING))
    assert again["unchanged"] == 2


def test_an_account_that_is_refused_refuses_its_lot(king: County, tmp_path: Path) -> None:
    """A sum of which a part is missing would be another value."""
    rows = [*ROWS, {**ROWS[0], "VALUE": "many"}]
    report = load(king, "parcels", write_csv(tmp_path / "roll.csv", rows), mapping=mapping(tmp_path, MAPPING))
    assert list(PropertyOperational.objects.values_list("parcel_number", flat=True)) == ["B"]
    assert report["refused"] == {"bad_number": 1, "incomplete": 3}


def test_outlines_and_figures_are_put_together(king: County, tmp_path: Path) -> None:
    path = write(tmp_path / "lots.gpkg", {"LOT": ["A", "A"], "VALUE": [1, 2]}, [square(0), square(1)])
    text = 'duplicates = "merge"\n[fields]\nparcel_number = "LOT"\ntotal_value = { column = "VALUE", rows = "sum" }\n'
    load(king, "parcels", path, mapping=mapping(tmp_path, text))
    parcel = PropertyOperational.objects.get()
    assert parcel.total_value == 3
    assert parcel.geometry is not None
    assert len(parcel.geometry) == 2


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (MAPPING.replace('duplicates = "merge"', ""), 'needs duplicates = "merge"'),
        (MAPPING.replace('rows = "min"', 'rows = "sum"'), "rows of year_built cannot be sum"),
        (MAPPING.replace('rows = "min"', 'rows = "mean"'), "rows of year_built is one of first, sum, max, min"),
    ],
)
def test_a_mapping_that_cannot_be_meant(king: County, tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(CommandError, match=complaint):
        load(king, "parcels", write_csv(tmp_path / "roll.csv", ROWS), mapping=mapping(tmp_path, text))
