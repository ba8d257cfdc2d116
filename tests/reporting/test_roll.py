"""The assessment roll against SQL, in every format and for every reader."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from typing import Any

import openpyxl
import pytest
from django.db import connection
from rest_framework.test import APIClient

from reporting.compose import WITHHELD
from reporting.document.texts import NOTHING
from reporting.errors import NotReconciled
from reporting.reports.roll import report as roll
from reporting.reports.roll.build import MONEY, Sums
from terrafusion.records.models import County, PropertyOperational
from tests.reporting import data, pdfs
from tests.reporting.conftest import URL, Make

PARCELS = 24


@pytest.fixture(autouse=True)
def _loaded(transactional_db: None, county: County) -> None:
    data.load(county, PARCELS)


def in_sql(where: str = "true") -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(sum(land_value), 0), coalesce(sum(improvement_value), 0), "
            "coalesce(sum(total_value), 0), coalesce(sum(exemptions), 0), "
            "coalesce(sum(greatest(total_value - coalesce(exemptions, 0), 0)) "
            "FILTER (WHERE total_value IS NOT NULL), 0)"
            f" FROM records_propertyoperational WHERE {where}"
        )
        return [int(value) for value in cursor.fetchone()]


def test_totals_are_those_of_sql(make: Make, keeper: APIClient) -> None:
    job, path = make("assessment_roll", "json", keeper, district_layer="school_districts", district_label="called")
    blocks = {block.get("name", block["type"]): block for block in json.loads(path.read_text())["blocks"]}
    whole = in_sql()
    figures = {item["name"]: item["value"] for item in blocks["totals"]["items"]}
    assert [figures[name] for name in ("parcels", *MONEY)] == whole
    assert figures["without_value"] == 1
    for row in blocks["by_class"]["rows"]:
        assert [row[1], *row[3:]] == in_sql(f"property_class = '{row[0]}'")
    for row in blocks["by_neighborhood"]["rows"]:
        assert [row[1], *row[3:]] == in_sql(f"neighborhood = '{row[0]}'")
    assert [row[0] for row in blocks["by_neighborhood"]["rows"]] == ["7", "8", "9", "10"]  # as people count
    districts = {row[0]: row for row in blocks["by_district"]["rows"]}
    assert list(districts) == ["(outside every district)", "East", "West <i>district</i>"]
    assert sum(row[1] for row in districts.values()) == PARCELS
    assert districts["(outside every district)"][1] == 5  # of two columns, and the one without an outline
    assert blocks["parcels"]["totals"][-5:] == whole[1:]
    assert len(blocks["parcels"]["rows"]) == PARCELS
    assert job.result_summary["totals"]["total"] == whole[3]


def test_pdf_shows_the_figures_of_the_database(make: Make, keeper: APIClient) -> None:
    job, path = make("assessment_roll", "pdf", keeper, tax_year=2025)
    pdfs.check_accessible(path, job.pages)
    text = pdfs.text_of(path)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(total_value), sum(land_value) FROM records_propertyvaluehistory WHERE tax_year = 2025"
        )
        total, land = cursor.fetchone()
    for expected in ("Tax year 2025", f"${total:,}", f"${land:,}", "Иван Петрович Сидоров", str(job.pk), "Page 1 of"):
        assert expected in text, expected
    for one in PropertyOperational.objects.exclude(total_value=None):
        assert f"{one.parcel_number} {one.situs_address}" in text
        assert f"${(one.total_value or 0) - 3_000:,}" in text  # last year's


def amounts(one: PropertyOperational) -> list[int | None]:
    """As the roll has them, in the order of MONEY."""
    total = one.total_value
    taxable = None if total is None else max(total - (one.exemptions or 0), 0)
    return [one.land_value, one.improvement_value, total, one.exemptions, taxable]


def test_pdf_has_every_amount_and_the_totals_of_sql(make: Make, keeper: APIClient) -> None:
    _, path = make("assessment_roll", "pdf", keeper)
    text = pdfs.text_of(path)
    for one in PropertyOperational.objects.all():
        shown = " ".join(NOTHING if amount is None else f"${amount:,}" for amount in amounts(one))
        assert f"{one.neighborhood} {shown}" in text, one.parcel_number
    for where in ("true", "property_class = 'Commercial'", "property_class = 'Residential'", "neighborhood = '8'"):
        parcels, *dollars = in_sql(where)
        assert re.search(rf"\b{parcels} \d+ " + re.escape(" ".join(f"${sum_:,}" for sum_ in dollars)), text), where


def test_cells_of_the_workbook_are_typed_and_add_up_to_sql(make: Make, keeper: APIClient) -> None:
    _, path = make("assessment_roll", "xlsx", keeper)
    book = openpyxl.load_workbook(path)
    whole = in_sql()
    sheet = book["parcels"]
    assert [cell.value for cell in sheet[PARCELS + 2]][-5:] == whole[1:]
    for row in sheet.iter_rows(2, PARCELS + 1):
        kinds = [cell.data_type for cell in row if cell.value is not None]
        texts = len([cell for cell in row[:-5] if cell.value is not None])
        assert kinds == ["s"] * texts + ["n"] * (len(kinds) - texts)
        assert all(cell.number_format == "$#,##0;-$#,##0" for cell in row[-5:] if cell.value is not None)
        assert isinstance(row[0].value, str)  # zeros in front of a parcel number stay
    for name, column in (("By class", "property_class"), ("By neighborhood", "neighborhood")):
        *groups, totals = list(book[name].iter_rows(2, values_only=True))
        for group in groups:
            assert [group[1], *group[3:]] == in_sql(f"{column} = '{group[0]}'")
        assert [totals[1], *totals[3:]] == whole


def test_xlsx_and_csv_hold_every_parcel(make: Make, keeper: APIClient) -> None:
    _, path = make("assessment_roll", "xlsx", keeper)
    sheet = openpyxl.load_workbook(path)["parcels"]
    head = [cell.value for cell in sheet[1]]
    rows_read = [dict(zip(head, row, strict=True)) for row in sheet.iter_rows(2, PARCELS + 1, values_only=True)]
    expected = list(PropertyOperational.objects.order_by("parcel_number"))
    assert [row["Parcel"] for row in rows_read] == [one.parcel_number for one in expected]
    assert [row["Total value"] for row in rows_read] == [one.total_value for one in expected]
    assert rows_read[1]["Owner"] == data.NAMES[1]
    _, path = make("assessment_roll", "csv", keeper)
    with zipfile.ZipFile(path) as package:
        rows = list(csv.DictReader(io.StringIO(package.read("parcels.csv").decode())))
    assert [row["total"] for row in rows] == [
        "" if one.total_value is None else str(one.total_value) for one in expected
    ]
    assert rows[1]["owner_name"] == f"'{data.NAMES[1]}"


def test_owners_only_for_who_may_see_them(make: Make, keeper: APIClient, api: APIClient) -> None:
    job, path = make("assessment_roll", "json")
    written = path.read_text()
    assert WITHHELD in json.loads(written)["notices"]
    assert not any(name.split()[0] in written for name in data.NAMES if name[0].isalpha())
    assert "owner_name" not in written
    assert job.contains_personal_data is False
    job, path = make("assessment_roll", "json", keeper)
    assert WITHHELD not in path.read_text()
    assert job.contains_personal_data is True
    refused = api.get(f"{URL}/jobs/{job.pk}/download")
    assert (refused.status_code, refused.json()["code"]) == (403, "personal_data")


def test_only_a_part_of_the_county(make: Make) -> None:
    area = {"type": "parcels", "parcels": ["0004", "0005", "0006"]}
    _, path = make("assessment_roll", "json", area=area, property_class=["Residential"])
    blocks = {block.get("name"): block for block in json.loads(path.read_text())["blocks"]}
    assert [row[0] for row in blocks["parcels"]["rows"]] == ["0004", "0005"]


def test_the_order_is_that_in_which_people_count(make: Make) -> None:
    numbers = ["1-9", "1-10", "2-1", "2-1A", "10-2", "A-1"]
    for old, new in zip(range(len(numbers)), reversed(numbers), strict=True):
        PropertyOperational.objects.filter(parcel_number=f"{old:04}").update(
            parcel_number=new, neighborhood="2" if new < "2" else "10"
        )
    for order, expected in (
        ("parcel_number", numbers),
        ("neighborhood", ["1-9", "1-10", "10-2", "2-1", "2-1A", "A-1"]),
    ):
        _, path = make("assessment_roll", "json", order=order)
        blocks = {block.get("name"): block for block in json.loads(path.read_text())["blocks"]}
        assert [row[0] for row in blocks["parcels"]["rows"] if row[0] in numbers] == expected


def test_rows_that_do_not_add_up_are_not_handed_out() -> None:
    whole = Sums("Total", 2, 0, (3, 0, 3, 0, 3))
    counted = roll._Counted(iter([("1", 1, 0, 1, None, 1), ("2", 1, 0, 1, None, 1)]), whole)
    list(counted)
    with pytest.raises(NotReconciled):
        counted.check([])


@pytest.mark.django_db
def test_preview_is_a_page_that_does_nothing(api: APIClient, county: County) -> None:
    body: dict[str, Any] = {"report_type": "assessment_roll", "county_id": county.pk}
    response = api.post(f"{URL}/preview", body, format="json")
    assert response.status_code == 200
    page = response.content.decode()
    assert "This is a preview" in page
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert "<script" not in page
    assert api.post(f"{URL}/preview", {**body, "format": "x"}, format="json").status_code == 400


def test_a_county_without_parcels(api: APIClient, other_county: County, client_of: Any, outsider: Any) -> None:
    body = {"report_type": "assessment_roll", "county_id": other_county.pk}
    response = client_of(outsider).post(f"{URL}/run", body, format="json")
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "county_id"
    assert "no parcels" in response.json()["errors"][0]["detail"]


def test_types_describe_what_can_be_asked(api: APIClient) -> None:
    types = {one["report_type"]: one for one in api.get(f"{URL}/types").json()}
    roll_type = types["assessment_roll"]
    assert roll_type["formats"] == ["pdf", "html", "xlsx", "csv", "json"]
    assert [parameter["name"] for parameter in roll_type["parameters"]][:2] == ["tax_year", "property_class"]
    assert all(parameter["help"] for one in types.values() for parameter in one["parameters"])


def test_the_file_keeps_its_name(make: Make) -> None:
    job, path = make("assessment_roll", "html")
    assert path.name == f"{job.pk}_assessment_roll.html"
    assert path.stat().st_size == job.result_file_bytes
