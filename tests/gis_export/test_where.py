"""Conditions on attributes: the records that each takes, what is refused, and that none tells personal data."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from gis_export.models import GisExportJob
from terrafusion.jobs import runner
from terrafusion.records.conditions import tree
from terrafusion.records.layers import layers_of
from terrafusion.records.models import County, CountyAccess, PropertyOperational
from tests.conftest import ClientOf, MakeUser, Role
from tests.gis_export import data
from tests.gis_export.conftest import URL, Exports
from tests.gis_export.test_request import ask, faults

UTC = datetime.UTC
Values = dict[str, Any]


def c(field: str, op: str, value: Any = None, **more: Any) -> Values:
    return {"field": field, "op": op, "value": value, **more}


def has(name: str, test: Callable[[Any], bool]) -> Callable[[Values], bool]:
    """A record without the value fulfils no comparison."""
    return lambda row: row[name] is not None and test(row[name])


SPECIAL = [text for text in data.TEXTS if text]
TAKEN: list[tuple[str, Any, Callable[[Values], bool]]] = [
    # layer, conditions, and the same in Python
    ("parcels", [c("parcel_number", "=", "0003")], lambda row: row["parcel_number"] == "0003"),
    ("parcels", [c("parcel_number", "!=", "0003")], lambda row: row["parcel_number"] != "0003"),
    ("parcels", [c("parcel_number", "between", ["0003", "0010"])], lambda r: "0003" <= r["parcel_number"] <= "0010"),
    ("parcels", [c("total_value", ">=", 1_000_001)], lambda row: row["total_value"] >= 1_000_001),
    ("parcels", [c("total_value", "<", 1_000_001.0)], lambda row: row["total_value"] < 1_000_001),
    ("parcels", [c("year_built", "<", 2**62)], lambda row: True),  # beyond the column's own 16 bits
    ("parcels", [c("year_built", "in", [1900, 1905, 2**40])], lambda row: row["year_built"] in (1900, 1905)),
    ("parcels", [c("year_built", "not_in", [1900, 2**40])], lambda row: row["year_built"] != 1900),
    ("parcels", [c("land_value", "=", 2**53 + 1)], lambda row: row["land_value"] == 2**53 + 1),
    ("parcels", [c("land_value", "!=", 0)], lambda row: row["land_value"] != 0),
    ("parcels", [c("land_value", "not_in", [0, 1])], lambda row: row["land_value"] != 0),
    ("parcels", [c("land_value", "is_null", True)], lambda row: row["land_value"] is None),
    ("parcels", [{"field": "land_value", "op": "is_null"}], lambda row: row["land_value"] is None),
    ("parcels", [c("land_value", "is_null", False)], lambda row: row["land_value"] is not None),
    ("parcels", [c("lot_area_sqft", ">", 1)], has("lot_area_sqft", lambda value: value > 1)),
    ("parcels", [c("lot_area_sqft", "=", 1 / 3)], has("lot_area_sqft", lambda value: value == 1 / 3)),
    ("parcels", [c("as_of", ">=", "2024-01-01")], has("as_of", lambda day: day >= datetime.date(2024, 1, 1))),
    ("parcels", [c("as_of", "!=", "2024-01-01")], lambda row: row["as_of"] is None),
    ("parcels", [c("situs_address", "contains", "%")], lambda row: "%" in row["situs_address"]),
    ("parcels", [c("situs_address", "contains", "'")], lambda row: "'" in row["situs_address"]),
    ("parcels", [c("situs_address", "starts_with", "=")], lambda row: row["situs_address"].startswith("=")),
    ("parcels", [c("situs_address", "=", "NULL")], lambda row: row["situs_address"] == "NULL"),
    (
        "parcels",
        [c("situs_address", "=", "NULL", ignore_case=True)],
        lambda row: row["situs_address"].lower() == "null",
    ),
    (
        "parcels",
        [c("situs_address", "contains", "ÜNÏC", ignore_case=True)],
        lambda row: "ünïc" in row["situs_address"].lower(),
    ),
    ("parcels", [c("situs_address", "<", "a")], lambda row: row["situs_address"] < "a"),  # by code point
    ("parcels", [c("situs_address", "in", SPECIAL)], lambda row: row["situs_address"] in SPECIAL),
    (
        "parcels",
        [c("year_built", ">", 1902), {"any": [c("land_value", "=", 0), c("lot_area_sqft", "is_null", True)]}],
        lambda row: row["year_built"] > 1902 and (row["land_value"] == 0 or row["lot_area_sqft"] is None),
    ),
    (
        "parcels",
        {"any": [{"all": [c("year_built", "<", 1905), c("year_built", ">", 1902)]}, c("year_built", "=", 1910)]},
        lambda row: row["year_built"] in (1903, 1904, 1910),
    ),
    ("parcels", [c("mailing_city", "=", "Elsewhere"), c("year_built", "=", 1904)], lambda r: r["year_built"] == 1904),
    ("sales", [c("multi_parcel", "=", True)], lambda row: row["multi_parcel"]),
    ("sales", [c("sale_date", "between", ["2020-01-02", "2020-01-03"])], lambda row: row["sale_date"].day in (2, 3)),
    ("zoning", [c("big", ">", 2**53)], has("big", lambda value: value > 2**53)),
    ("zoning", [c("big", "=", -(2**63))], has("big", lambda value: value == -(2**63))),
    ("zoning", [c("real", "<=", 0.1)], has("real", lambda value: value <= 0.1)),
    ("zoning", [c("flag", "is_null", True)], lambda row: row["flag"] is None),
    ("zoning", [c("flag", "!=", True)], lambda row: row["flag"] is not True),
    ("zoning", [c("day", "<", "1970-01-02")], has("day", lambda day: day < datetime.date(1970, 1, 2))),
    (
        "zoning",
        [c("moment", ">=", "2024-02-29T15:59:59.123456-08:00")],
        has("moment", lambda at: at >= datetime.datetime(2024, 2, 29, 23, 59, 59, 123456, UTC)),
    ),
    ("zoning", [c("Größe_中文", "starts_with", "中")], has("Größe_中文", lambda text: text.startswith("中"))),
    ("zoning", [c("Label", "is_null", True)], lambda row: row["Label"] is None),
    ("zoning", [c("select", "!=", "null")], lambda row: row["select"] != "null"),
]


def test_each_condition_takes_its_records(exports: Exports) -> None:
    for layer, where, test in TAKEN:
        wanted = sum(1 for row in exports.rows(layer) if test(row.values))
        body = {"export_format": "CSV", "county_id": "NASTY", "layers": [layer], "parameters": {"where": where}}
        with exports.unblock():
            answer = exports.api.post(f"{URL}/estimate", body, format="json")
        assert answer.status_code == 200, answer.content
        assert answer.json()["records"] == wanted, where


def test_the_file_holds_what_was_asked_for(exports: Exports) -> None:
    where = {
        "parcels": [c("year_built", "in", [1900, 1901, 1907])],
        "zoning": {"any": [c("label", "=", "0012"), c("big", "=", 0)]},
    }
    area = {"type": "bbox", "coordinates": [data.WEST - 1, data.SOUTH - 1, data.WEST + 0.0029, data.SOUTH + 1]}
    export = exports("GeoJSON", "parcels", "zoning", area=area, where=where)
    features = json.loads(export.files["parcels.geojson"].read_text())["features"]
    years = [feature["properties"]["year_built"] for feature in features]
    assert years == [1900, 1901]  # the third is not in the area
    (layer,) = [entry for entry in export.manifest["layers"] if entry["layer"] == "zoning"]
    rows = [row.values for row in exports.rows("zoning")[:2]]
    assert layer["records"] == sum(row["label"] == "0012" or row["big"] == 0 for row in rows) == 1
    assert export.manifest["request"]["resolved"]["where"] == {**where, "parcels": {"all": where["parcels"]}}


@pytest.mark.parametrize(
    ("where", "at", "named"),
    [
        ([c("color", "=", "red")], "0", "Unknown field of parcels: 'color'. Available: parcel_number, situs_address"),
        (
            [c("parcel_number", "like", "1%")],
            "0",
            "Unknown operator of the text field parcel_number: 'like'. Available:",
        ),
        (
            [c("total_value", "contains", "1")],
            "0",
            "Available: =, !=, <, <=, >, >=, between, in, not_in",
        ),
        ([c("total_value", "=", "500")], "0", "= of total_value takes a whole number of 64 bits, not '500'."),
        ([c("total_value", "=", 0.5)], "0", "takes a whole number"),
        ([c("total_value", "=", 2**63)], "0", "takes a whole number"),
        ([c("total_value", "=", True)], "0", "takes a whole number"),
        ([c("total_value", "<", None)], "0", "takes a whole number of 64 bits, not null"),
        ([c("parcel_number", "=", 12)], "0", "takes a text, not 12"),
        ([{"field": "zoning", "op": "="}], "0", "takes a text, not null"),
        ([c("as_of", ">", "01/31/2024")], "0", "takes a date such as 2024-12-31, not '01/31/2024'"),
        ([c("as_of", ">", "2024-02-30")], "0", "takes a date"),
        ([c("lot_area_sqft", "=", "many")], "0", "takes a number, not 'many'"),
        ([c("lot_area_sqft", "=", 10**400)], "0", "takes a number"),
        ([c("total_value", "in", [])], "0", "takes a list of 1 to 10,000 values"),
        ([c("total_value", "in", 5)], "0", "takes a list"),
        ([c("total_value", "in", [1, "2"])], "0", "takes a whole number"),
        ([c("total_value", "in", [1] * 10_001)], "0", "takes a list of 1 to 10,000 values"),
        ([c("total_value", "between", [1])], "0", "[lowest, highest]"),
        ([c("total_value", "between", [1, 2, 3])], "0", "[lowest, highest]"),
        ([c("total_value", "between", [2, 1])], "0", "lowest value first"),
        ([c("total_value", "is_null", "yes")], "0", "takes true or false"),
        ([c("total_value", "=", 1, ignore_case=True)], "0", "for texts only"),
        ([c("zoning", "=", "R", case=True)], "0.case", "Unknown key 'case'. Did you mean 'ignore_case'?"),
        ([c("zoning", "=", "R"), {"any": [c("zoning", "=", 1)]}], "1.any.0", "takes a text"),
        ([{"any": []}], "0", "at least one condition"),
        ([[]], "0", "at least one condition"),
        ({"all": [[]]}, "all.0", "at least one condition"),
        ({"parcels": [{"any": [[]]}]}, "parcels.0.any.0", "at least one condition"),
        ([{"op": "=", "value": 1}], "0", '"field" is missing: give a field of parcels. Available: parcel_number'),
        ([{"field": ["zoning"], "op": "="}], "0", "Unknown field of parcels: ['zoning']. Available: parcel_number"),
        ([{"field": "zoning"}], "0", '"op" is missing: give an operator for zoning. Available: ='),
        ([c("zoning", "between", ["b", "A"], ignore_case=True)], "0", "lowest value first"),
        ([{"any": [c("zoning", "=", "R")], "all": []}], "0", "Give a group as"),
        ([c("zoning", "=", "R")] * 201, "200", "At most 200 conditions"),
        ([[[[[[[c("zoning", "=", "R")]]]]]]], "0.0.0.0.0.0", "5 deep"),
        (["zoning = 'R'"], "0", "Give a condition such as"),
        ("zoning = 'R'", "", "Give a condition such as"),
        ({"roads": []}, "roads", "Unknown key 'roads'. Available: field, op, value, ignore_case."),
        ({"roads": []}, "", '"field" is missing'),
    ],
)
def test_faults_name_the_field_and_what_is_expected(
    api: APIClient, loaded: County, where: Any, at: str, named: str
) -> None:
    body = {"export_format": "CSV", "county_id": loaded.pk, "layers": ["parcels"], "parameters": {"where": where}}
    by_field = faults(api.post(f"{URL}/run", json.dumps(body), content_type="application/json"))
    assert named in by_field[f"parameters.where.{at}" if at else "parameters.where"]
    assert not GisExportJob.objects.exists()


@pytest.mark.parametrize("text", ["a\\u0000b", "\\ud800"])
def test_texts_that_postgresql_cannot_hold(api: APIClient, loaded: County, text: str) -> None:
    where = '[{"field": "zoning", "op": "=", "value": "' + text + '"}]'
    body = f'{{"export_format": "CSV", "county_id": "{loaded.pk}", "layers": ["parcels"], "parameters": {{"where": '
    body += where + "}}"
    for action in ("run", "estimate"):
        assert api.post(f"{URL}/{action}", body, content_type="application/json").status_code == 400


def test_the_lists_of_a_request_are_limited_together(api: APIClient, loaded: County) -> None:
    many = [c("parcel_number", "in", [f"{number:06d}" for number in range(10_000)])]
    assert ask(api, loaded, "estimate", parameters={"where": many}).status_code == 200
    fault = "10,000 values together, and here they have more."
    two_more = [*many, c("year_built", "not_in", [1900]), c("year_built", "in", [1900])]
    by_field = faults(ask(api, loaded, "estimate", parameters={"where": two_more}))
    assert fault in by_field.pop("parameters.where.1")
    assert by_field == {}  # once, not for each
    where = {"parcels": many, "zoning": [c("big", "in", [1])]}
    by_field = faults(ask(api, loaded, layers=["parcels", "zoning"], parameters={"where": where}))
    assert fault in by_field["parameters.where.zoning.0"]


def test_several_layers_take_an_object(api: APIClient, loaded: County) -> None:
    def refused(where: Any) -> dict[str, str]:
        return faults(ask(api, loaded, layers=["parcels", "zoning"], parameters={"where": where}))

    assert "several layers" in refused([c("zoning", "=", "R")])["parameters.where"]
    assert "Unknown layer 'parcel'" in refused({"parcel": [c("zoning", "=", "R")]})["parameters.where.parcel"]
    both = refused({"parcels": [c("x", "=", 1)], "zoning": [c("label", "=", 1), c("flag", "<", True)]})
    assert set(both) == {f"parameters.where.{at}" for at in ("parcels.0", "zoning.0", "zoning.1")}


def test_conditions_on_personal_data(
    transactional_db: None, loaded: County, api: APIClient, make_user: MakeUser, manager: Any, client_of: ClientOf
) -> None:
    parameters = {"where": [c("owner_name", "contains", "owner 1", ignore_case=True)], "fields": ["parcel_number"]}
    for action in ("run", "estimate"):
        assert "no right to personal data: owner_name" in " ".join(
            faults(ask(api, loaded, action, parameters=parameters)).values()
        )
    trusted = client_of(make_user("trusted", Role.ANALYST, loaded, may_see_personal_data=True))
    job_id = ask(trusted, loaded, parameters=parameters).data["job_id"]
    runner.run("gis_export.GisExportJob", job_id)
    job = GisExportJob.objects.get(pk=job_id)
    assert (job.record_count, job.contains_personal_data) == (11, True)  # whose they are is told by what is in it
    assert trusted.get(f"{URL}/results/{job_id}").json()["parameters"]["where"] == parameters["where"]

    without = client_of(manager)
    assert without.get(f"{URL}/jobs/{job_id}/download").status_code == 403
    for address in (f"status/{job_id}", f"results/{job_id}", "jobs"):
        shown = without.get(f"{URL}/{address}")
        assert shown.status_code == 200
        assert b"owner 1" not in shown.content
    assert without.get(f"{URL}/results/{job_id}").json()["parameters"]["where"] == "withheld"

    CountyAccess.objects.update(may_see_personal_data=False)
    refused = trusted.post(f"{URL}/jobs/{job_id}/rerun")
    assert (refused.status_code, refused.data["code"]) == (409, "personal_data")
    assert GisExportJob.objects.count() == 1


@pytest.mark.parametrize("ends", [["sea", "SEZ"], ["_", "SEZ"], ["SEATTLE", "seattle"]])
def test_between_without_regard_to_case(api: APIClient, loaded: County, ends: list[str]) -> None:
    where = [c("situs_city", "between", ends, ignore_case=True)]
    answer = ask(api, loaded, "estimate", parameters={"where": where})
    assert answer.status_code == 200, answer.content
    assert answer.json()["records"] == len(data.TEXTS)


def test_as_many_conditions_as_deep_as_is_allowed(api: APIClient, loaded: County) -> None:
    deep: Any = c("year_built", ">=", 0)
    for joint in ("any", "all", "any", "all"):
        deep = {joint: [deep]}
    where = [deep, *[c("year_built", ">=", 0)] * 199]
    answer = ask(api, loaded, "estimate", parameters={"where": where})
    assert answer.status_code == 200, answer.content


@pytest.mark.parametrize(("op", "collated"), [("<", True), ("between", True), ("=", False)])
def test_texts_are_ordered_by_code_point_in_any_database(loaded: County, op: str, collated: bool) -> None:
    layer = layers_of(loaded)[0]
    reading = tree.Reading(layer, personal=False)
    resolved = reading.read([c("zoning", op, ["A", "b"] if op == "between" else "A")], "")
    rows = PropertyOperational.objects.filter(tree.expression(resolved, {field.name: field for field in layer.fields}))
    assert ('COLLATE "C"' in str(rows.query)) is collated
