"""A county's tables: loaded all or nothing, read as of a day, edited in the admin."""

from __future__ import annotations

import csv
import datetime
import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from terrafusion.records import versions
from terrafusion.records.models import County
from tests.records.loading.files import write_csv
from valuation.models import SCHEDULES, CostRate, LandRate
from valuation.schedules.reading import read

DAY = datetime.date(2022, 1, 1)


def load(county: County, table: str, path: Path, **options: Any) -> dict[str, Any]:
    out = io.StringIO()
    call_command("load_schedule", county.pk, table, path, json=True, stdout=out, **options)
    report: dict[str, Any] = json.loads(out.getvalue())
    return report


def rate(size: Any, dollars: Any, **more: Any) -> dict[str, Any]:
    return {"effective_from": "2021-01-01", "quality": "7", "size_sqft": size, "rate_per_sqft": dollars, **more}


def test_a_table_and_the_same_again(county: County, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "cost.csv", [rate(1000, "$150.50", use_code=""), rate(2000, 130, use_code="sfr")])
    report = load(county, "cost", path)
    assert (report["inserted"], report["refused"]) == (2, {})
    one = CostRate.objects.get(size_sqft=1000)
    assert (one.rate_per_sqft, one.local_multiplier, one.is_example, one.property_class) == (150.5, 1.0, False, "")
    assert one.source == "cost.csv"
    assert load(county, "cost", path)["unchanged"] == 2
    changed = write_csv(tmp_path / "more.csv", [rate(1000, 160)])
    assert load(county, "cost", changed)["updated"] == 1
    assert CostRate.objects.count() == 2
    assert load(county, "cost", changed, replace=True)["removed"] == 1
    assert CostRate.objects.get().rate_per_sqft == 160


def test_rows_that_are_wrong_are_reported(county: County, tmp_path: Path) -> None:
    rows = [rate(1000, 150), rate(0, 150), rate(1000, -1), rate("big", 150), rate(1500, ""), rate(1000, 155)]
    rejects = tmp_path / "rejects.csv"
    report = load(county, "cost", write_csv(tmp_path / "cost.csv", rows), rejects=rejects)
    assert (report["inserted"], sum(report["refused"].values())) == (1, 5)
    with rejects.open() as stream:
        refused_rows = [(row["row"], row["reason"]) for row in csv.DictReader(stream)]
    assert sorted(refused_rows) == [
        ("2", "not_above_zero"),
        ("3", "negative"),
        ("4", "bad_number"),
        ("5", "missing"),
        ("6", "duplicate"),
    ]
    shares = [{"effective_from": "2021-01-01", "vacancy_percent": 101, "expense_percent": 5, "cap_rate_percent": 5}]
    with pytest.raises(CommandError, match="too_large 1"):
        load(county, "rates", write_csv(tmp_path / "rates.csv", shares))


def test_the_day_is_the_commands_where_the_file_has_none(county: County, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "land.csv", [{"neighborhood": "North", "base_lot_sqft": 5000, "base_value": 100000}])
    with pytest.raises(CommandError, match="--effective-from"):
        load(county, "land", path)
    load(county, "land", path, effective_from=DAY)
    assert LandRate.objects.get().effective_from == DAY


def test_files_that_are_none(county: County, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "cost.csv", [{"effective_from": "2021-01-01", "size_sqft": 1}])
    with pytest.raises(CommandError, match="rate_per_sqft"):
        load(county, "cost", path)
    with pytest.raises(CommandError):
        load(county, "cost", tmp_path / "missing.csv")
    assert not CostRate.objects.exists()


def test_nothing_is_kept_of_a_dry_run(county: County, tmp_path: Path) -> None:
    assert load(county, "cost", write_csv(tmp_path / "c.csv", [rate(1, 1)]), dry_run=True)["inserted"] == 1
    assert not CostRate.objects.exists()


def test_what_is_effective(county: County, other_county: County) -> None:
    for day, dollars in ((2020, 1.0), (2022, 2.0), (2023, 3.0)):
        effective = datetime.date(day, 1, 1)
        CostRate.objects.create(
            county=county, effective_from=effective, size_sqft=1, rate_per_sqft=dollars, is_example=day == 2020
        )
    CostRate.objects.create(county=other_county, effective_from=DAY, size_sqft=1, rate_per_sqft=9)
    table = read("cost", county.pk, DAY)
    assert (table.rows["rate_per_sqft"].tolist(), table.examples) == ([1.0, 2.0], 1)
    assert "is_example" not in table.rows
    empty = read("cost", county.pk, datetime.date(2019, 12, 31))
    assert (len(empty.rows), empty.examples) == (0, 0)
    assert {"effective_from", "quality", "rate_per_sqft"} <= set(empty.rows.columns)


def test_a_change_of_a_table_is_a_change_of_data(transactional_db: None, county: County) -> None:
    source = versions.source(CostRate, county.pk)
    before = versions.of([source])
    CostRate.objects.create(county=county, effective_from=DAY, size_sqft=1, rate_per_sqft=1)
    assert versions.of([source]) != before


@pytest.mark.parametrize("table", SCHEDULES)
def test_edited_in_the_admin(county: County, admin_client: Any, table: str) -> None:
    model = SCHEDULES[table]
    name = f"admin:valuation_{model._meta.model_name}"
    given = dict.fromkeys(model.figures, "5") | {"county": county.pk, "effective_from": "2022-01-01"}
    if table == "cost":
        given["size_sqft"] = "1000"
    response = admin_client.post(reverse(f"{name}_add"), given)
    assert response.status_code == 302, response.context["adminform"].form.errors
    assert admin_client.get(reverse(f"{name}_changelist")).status_code == 200
    row = model._default_manager.get()
    faulty = given | {model.figures[0]: "-1"}
    response = admin_client.post(reverse(f"{name}_change", args=[row.pk]), faulty)
    assert response.status_code == 200
    assert model.figures[0] in response.context["adminform"].form.errors


def test_examples_are_marked_and_kept_apart(county: County) -> None:
    call_command("load_example_schedules", county.pk, stdout=io.StringIO())
    call_command("load_example_schedules", county.pk, stdout=io.StringIO())
    for kind, model in SCHEDULES.items():
        rows = model._default_manager.filter(county=county)
        assert rows.exists(), kind
        assert not rows.exclude(is_example=True).exists()
        assert "Example" in rows[0].source
    CostRate.objects.filter(size_sqft=800).update(is_example=False)
    with pytest.raises(CommandError, match="of its own"):
        call_command("load_example_schedules", county.pk, stdout=io.StringIO())
