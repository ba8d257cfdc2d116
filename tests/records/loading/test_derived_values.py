"""Values that a mapping makes of what a file has: replaced, of several columns, or by default."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError

from terrafusion.records.models import County, PropertyOperational
from tests.records.loading.files import load, mapping, rejects, write_csv


def parcels(*names: str) -> list[tuple[object, ...]]:
    return list(PropertyOperational.objects.order_by("parcel_number").values_list("parcel_number", *names))


def test_codes_become_numbers_and_others_are_checked(king: County, tmp_path: Path) -> None:
    words = ["one", " one+half", "2", "", "many"]
    roll = write_csv(tmp_path / "roll.csv", [{"PIN": f"P{n}", "STORIES": word} for n, word in enumerate(words)])
    mapped = mapping(
        tmp_path,
        '[fields]\nparcel_number = "PIN"\n'
        '[fields.stories]\ncolumn = "STORIES"\nvalues = { one = 1, "one+half" = 1.5 }\ndefault = 1.25\n',
    )
    report = load(king, "parcels", roll, mapping=mapped, rejects=tmp_path / "rejects.csv")
    assert parcels("stories") == [("P0", 1.0), ("P1", 1.5), ("P2", 2.0), ("P3", 1.25)]
    assert report["refused"] == {"bad_number": 1}
    (refused,) = rejects(tmp_path / "rejects.csv")
    assert (refused["row"], refused["detail"]) == ("5", "stories: 'many'")


def test_values_of_numbers_and_what_they_leave_unknown(king: County, tmp_path: Path) -> None:
    roll = write_csv(tmp_path / "roll.csv", [{"PIN": f"P{n}", "USE": code} for n, code in enumerate((1, 20, 9, ""))])
    mapped = mapping(
        tmp_path,
        '[fields]\nparcel_number = "PIN"\n'
        '[fields.use_code]\ncolumn = "USE"\nvalues = { "1" = "R", "20" = "C" }\nnull = [9]\ndefault = "X"\n',
    )
    load(king, "parcels", roll, mapping=mapped)
    assert parcels("use_code") == [("P0", "R"), ("P1", "C"), ("P2", "X"), ("P3", "X")]


def test_columns_are_added_or_joined(king: County, tmp_path: Path) -> None:
    rows = [
        {"PIN": "P0", "NO": "12", "STREET": "Main St", "LAND1": "1,000", "LAND2": "250.5"},
        {"PIN": "P1", "NO": "", "STREET": " Oak Ave ", "LAND1": "", "LAND2": "70"},
        {"PIN": "P2", "NO": "", "STREET": "", "LAND1": "", "LAND2": ""},
        {"PIN": "P3", "NO": "9", "STREET": "Elm", "LAND1": "5", "LAND2": "a lot"},
    ]
    mapped = mapping(
        tmp_path,
        '[fields]\nparcel_number = "PIN"\nsitus_address = { column = ["NO", "STREET"] }\n'
        'land_value = { column = ["land1", "LAND2"], scale = 2 }\n',
    )
    report = load(king, "parcels", write_csv(tmp_path / "roll.csv", rows), mapping=mapped)
    assert parcels("situs_address", "land_value") == [
        ("P0", "12 Main St", 2501),
        ("P1", "Oak Ave", 140),
        ("P2", "", None),
    ]
    assert report["refused"] == {"bad_number": 1}


@pytest.mark.parametrize(
    ("field", "complaint"),
    [
        ('stories = { column = [], on_error = "null" }', "a list of 1 to 10"),
        ('stories = { column = "STORIES", values = 3 }', "values of stories is a table"),
        (
            'tax_year = { column = "STORIES", default = "none" }',
            "default of tax_year, 'none', is no value of type",
        ),
        ('as_of = { column = ["PIN", "STORIES"] }', "names several columns for as_of"),
    ],
)
def test_a_mapping_that_is_not_understood(king: County, tmp_path: Path, field: str, complaint: str) -> None:
    roll = write_csv(tmp_path / "roll.csv", [{"PIN": "P0", "STORIES": "1"}])
    mapped = mapping(tmp_path, f'[fields]\nparcel_number = "PIN"\n{field}\n')
    with pytest.raises(CommandError, match=complaint):
        load(king, "parcels", roll, mapping=mapped)
