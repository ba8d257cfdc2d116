"""What may be asked for, over HTTP: every fault at once, the county's settings, and personal data."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from django.core.files.storage import default_storage
from rest_framework.test import APIClient

from gis_export.models import GisExportJob
from terrafusion.jobs import runner
from terrafusion.records import settings_validators
from terrafusion.records.models import County, CountyAccess, CountySettings, ReferenceLayer
from tests.conftest import ClientOf, MakeUser, Role, queued
from tests.gis_export.conftest import FORMATS, URL, run_export

PERSONAL = ["owner_name", "mailing_address", "mailing_city", "mailing_state", "mailing_postal_code"]


def ask(api: APIClient, county: County, action: str = "run", **more: Any) -> Any:
    body = {"export_format": "GeoJSON", "county_id": county.pk, "layers": ["parcels"], **more}
    return api.post(f"{URL}/{action}", body, format="json")


def faults(response: Any) -> dict[str, str]:
    assert response.status_code == 400, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    by_field: dict[str, str] = {}
    for error in response.json()["errors"]:
        by_field[error["field"]] = " ".join([*by_field.get(error["field"], "").split(), error["detail"]])
    return by_field


def settings_of(county: County, **settings: Any) -> None:
    CountySettings.objects.update_or_create(county=county, defaults=settings)


@pytest.mark.parametrize("action", ["run", "estimate"])
def test_every_fault_is_named_at_once(api: APIClient, loaded: County, action: str) -> None:
    by_field = faults(
        ask(
            api,
            loaded,
            action,
            export_format="GeoJSONN",
            layers=["parcels", "rivers"],
            area_of_interest={"type": "bbox", "coordinates": [46.0, -120.5, 46.5, -120.0]},
            parameters={
                "crs": "EPSG:12",
                "fields": {"parcels": ["parcel_number", "color"], "roads": ["label"]},
                "spatial_operation": "touches",
                "include_assessment_data": "yes",
                "package": "tar",
                "sql": "1; DROP TABLE x",
            },
        )
    )
    assert set(by_field) == {
        "export_format",
        "layers",
        "area_of_interest",
        *(f"parameters.{name}" for name in ("crs", "spatial_operation", "include_assessment_data", "package", "sql")),
        "parameters.fields",
    }
    assert all(name in by_field["export_format"] for name in FORMATS)
    assert all(name in by_field["layers"] for name in ("'rivers'", "parcels", "sales", "zoning", "roads", "trees"))
    assert "axes may be in the wrong order" in by_field["area_of_interest"]
    assert "EPSG:2285" in by_field["parameters.crs"]
    assert not GisExportJob.objects.exists()


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"fields": {"parcels": ["color"]}}, "Unknown field of parcels: 'color'. Available: parcel_number,"),
        ({"fields": {"roads": ["label"]}}, "Unknown layer 'roads'. Available: parcels."),
        ({"fields": {"parcels": []}}, "list of names"),
        ({"fields": {"parcels": "parcel_number"}}, "list of names"),
        ({"fields": {"parcels": [1]}}, "list of names"),
        ({"fields": {"parcels": ["zoning", "zoning"]}}, "named once"),
        ({"fields": 5}, "Give an object"),
        ({"crs": 4326.5}, "not a CRS"),
        ({"crs": ""}, "not a CRS"),
        ({"crs": {}}, "not a CRS"),
        ({"crs": "EPSG:2926"}, "always in EPSG:4326"),
        ({"crs": "EPSG:6244"}, "no EPSG:6244"),  # the registry has it, PostGIS has not
        ({"package": None}, "Give one of auto, zip"),
        ({"spatial_operation": ["clip"]}, "Give one of intersects, within, clip"),
        ({"include_assessment_data": 1}, "true or false"),
        ({"x" * 300: 1}, "Unknown key"),
    ],
)
def test_faults_of_parameters(api: APIClient, loaded: County, parameters: Any, named: str) -> None:
    assert named in " ".join(faults(ask(api, loaded, parameters=parameters)).values())
    assert not GisExportJob.objects.exists()


UNREADABLE = [
    # what cannot be read at all, and what is told of the rest of the same request beside it
    ({"county_id": "NOWHERE"}, {"export_format", "parameters.sql", "parameters.crs", "parameters.package"}),
    ({"county_id": None}, {"export_format", "parameters.sql", "parameters.crs", "parameters.package"}),
    (
        {"layers": []},
        {"export_format", "area_of_interest", "parameters.sql", "parameters.crs", "parameters.package"},
    ),
    (
        {"export_format": {}},
        {"layers", "area_of_interest", "parameters.sql", "parameters.crs", "parameters.package", "parameters.fields"},
    ),
    ({"parameters": []}, {"export_format", "layers", "area_of_interest"}),
]


@pytest.mark.parametrize("action", ["run", "estimate"])
@pytest.mark.parametrize(("unreadable", "named"), UNREADABLE)
def test_a_member_that_cannot_be_read_hides_no_fault_of_the_others(
    api: APIClient, loaded: County, action: str, unreadable: dict[str, Any], named: set[str]
) -> None:
    wrong = {
        "export_format": "GeoJSONN",
        "layers": ["parcels", "rivers"],
        "area_of_interest": {"type": "bbox", "coordinates": [46.0, -120.5, 46.5, -120.0]},
        "parameters": {"crs": "EPSG:12", "fields": {"parcels": ["color"]}, "package": "tar", "sql": "1"},
    }
    assert set(faults(ask(api, loaded, action, **{**wrong, **unreadable}))) == {*unreadable, *named}
    assert not GisExportJob.objects.exists()
    assert not queued().exists()


@pytest.mark.parametrize("depth", [100, 500, 900, 970, 1500, 100_000])
def test_deeply_nested_bodies(api: APIClient, loaded: County, depth: int) -> None:
    nested = "[" * depth + "]" * depth
    for member in ("area_of_interest", "parameters", "layers", "export_format"):
        body = f'{{"export_format": "CSV", "county_id": "{loaded.pk}", "layers": ["parcels"], "{member}": {nested}}}'
        for action in ("run", "estimate"):
            response = api.post(f"{URL}/{action}", body.encode(), content_type="application/json")
            assert response.status_code == 400, response.content[:300]
    assert not GisExportJob.objects.exists()


def test_numbers_beyond_any_float(api: APIClient, loaded: County) -> None:
    body = json.dumps({"type": "bbox", "coordinates": [0, 0, 1, 10**400]})
    text = f'{{"export_format": "CSV", "county_id": "{loaded.pk}", "layers": ["parcels"], "area_of_interest": {body}}}'
    assert faults(api.post(f"{URL}/run", text, content_type="application/json")).keys() == {"area_of_interest"}


WRONG_DEFAULTS: list[tuple[dict[str, Any], str]] = [
    ({"precision": "six"}, "precision: Give a whole number"),
    ({"package": None}, "package: Give one of auto, zip."),
    ({"options": []}, "options: Give an object"),
    ({"fields": {"parcels": [["zoning"]]}}, "fields: Give the fields of parcels as a list of names."),
    ({"fields": ["zoning"]}, "fields: Give an object"),
    ({"where": {"parcels": [{"field": "color", "op": "=", "value": 1}]}}, "where.parcels.0: Unknown field of parcels"),
    ({"simplify": {"tolerance": 0, "units": "ft"}, "crs": "EPSG:12"}, "simplify.tolerance: Give a number above 0"),
]


class TestCountySettings:
    @pytest.mark.parametrize(("parameters", "named"), WRONG_DEFAULTS)
    def test_defaults_that_no_request_could_have_are_refused(
        self, loaded: County, parameters: dict[str, Any], named: str
    ) -> None:
        faults_found = settings_validators.faults(CountySettings(county=loaded, default_parameters=parameters))
        assert named in faults_found["default_parameters"]
        assert ("EPSG:12" in faults_found["default_parameters"]) == ("crs" in parameters)

    def test_allowed_formats(self, api: APIClient, loaded: County) -> None:
        settings_of(loaded, allowed_formats=["CSV", "KML"])
        assert "not allowed in COUNTY01. Available: CSV, KML." in faults(ask(api, loaded))["export_format"]
        assert ask(api, loaded, export_format="KML").status_code == 202
        listed = api.get(f"{URL}/formats", {"county_id": loaded.pk}).json()
        assert [file_format["name"] for file_format in listed] == ["CSV", "KML"]
        assert [file_format["name"] for file_format in api.get(f"{URL}/formats").json()] == FORMATS

    def test_default_crs_and_parameters_apply_and_an_explicit_one_wins(self, api: APIClient, loaded: County) -> None:
        settings_of(
            loaded,
            default_crs=2926,
            default_parameters={
                "spatial_operation": "within",
                "package": "zip",
                "options": {"geometry": "point", "of_another_format": 1},
                "include_assessment_data": False,
                "fields": {"parcels": ["parcel_number", "owner_name", "total_value", "gone"], "sales": ["sale_id"]},
            },
        )

        def resolved(**more: Any) -> dict[str, Any]:
            response = ask(api, loaded, **{"export_format": "CSV", **more})
            assert response.status_code == 202, response.content
            stored: dict[str, Any] = GisExportJob.objects.get(pk=response.data["job_id"]).resolved
            return {name: value for name, value in stored.items() if value is not None or name == "fields"}

        assert resolved() == {
            "crs": "EPSG:2926",
            "fields": {"parcels": ["parcel_number", "owner_name"]},
            "spatial_operation": "within",
            "include_assessment_data": False,
            "package": "zip",
            "options": {"geometry": "point"},
            "area_notes": [],
        }
        explicit = {
            "crs": "EPSG:4326",
            "fields": {"parcels": ["zoning"]},
            "spatial_operation": "clip",
            "include_assessment_data": True,
            "package": "auto",
            "options": {"geometry": "none"},
        }
        assert resolved(parameters=explicit) == {**explicit, "area_notes": []}
        assert resolved(parameters={"crs": "state_plane"})["crs"] == "EPSG:2285"
        assert resolved(layers=["zoning"])["fields"] is None  # a default about other layers is no fault
        assert resolved(export_format="GeoJSON")["crs"] == "EPSG:4326"  # its standard comes before a wish

    def test_limits(self, api: APIClient, loaded: County) -> None:
        settings_of(loaded, max_records=10, max_area_vertices=10)
        assert "has 24 records, and max_records of COUNTY01 is 10" in faults(ask(api, loaded))["area_of_interest"]
        answer = ask(api, loaded, "estimate").json()
        assert answer["limits_exceeded"] == [{"limit": "max_records", "allowed": 10, "estimate": 24}]
        around = ", ".join(f"{-122 + i / 100} {47 + i * i / 1000}" for i in range(11))
        area = f"POLYGON (({around}, -122 47))"
        assert "12 vertices, and at most 10" in faults(ask(api, loaded, area_of_interest=area))["area_of_interest"]
        assert not GisExportJob.objects.exists()


def test_estimate_counts_and_learns(transactional_db: None, api: APIClient, loaded: County) -> None:
    answer = ask(api, loaded, "estimate", layers=["parcels", "zoning"]).json()
    assert (answer["records"], answer["exact"], answer["layers"]) == (48, True, {"parcels": 24, "zoning": 24})
    assert answer["bytes"] > 0  # test_estimates.py compares it with what comes
    assert answer["limits_exceeded"] == []
    job = run_export(api, loaded, "GeoJSON", ["parcels"])
    learned = ask(api, loaded, "estimate").json()
    assert learned["bytes"] == pytest.approx(job.result_file_bytes, rel=0.02)
    assert learned["seconds"] < 10
    assert GisExportJob.objects.count() == 1


def test_layers(api: APIClient, loaded: County, outsider: Any, client_of: ClientOf) -> None:
    listed = {layer["name"]: layer for layer in api.get(f"{URL}/layers", {"county_id": loaded.pk}).json()}
    assert list(listed) == ["parcels", "sales", "roads", "trees", "zoning"]
    fields = {field["name"]: field for field in listed["parcels"]["fields"]}
    assert [name for name, field in fields.items() if field["personal"]] == PERSONAL
    assert fields["lot_area_sqft"]["unit"] == "sqft"
    assert listed["zoning"]["geometry_type"] == "MultiPolygon"
    assert api.get(f"{URL}/layers").status_code == 400
    assert api.get(f"{URL}/layers", {"county_id": "NOWHERE"}).status_code == 404
    assert client_of(outsider).get(f"{URL}/layers", {"county_id": loaded.pk}).status_code == 404
    assert client_of(outsider).get(f"{URL}/formats", {"county_id": loaded.pk}).status_code == 404
    assert client_of(None).get(f"{URL}/formats").status_code == 401
    for address in ("layers", "formats"):
        assert api.get(f"{URL}/{address}", {"county_id": "COUNTY01\0"}).status_code == 404


def test_the_estimate_takes_what_run_takes(api: APIClient, loaded: County) -> None:
    body = {"export_format": "CSV", "county_id": loaded.pk, "layers": ["parcels"]}
    for given, status in (({"fresh": True, "expires_in": "1d"}, 200), ({"expires_in": "366d"}, 400)):
        response = api.post(f"{URL}/estimate", {**body, "parameters": given}, format="json")
        assert response.status_code == status, response.content
        assert status == 200 or [error["field"] for error in response.json()["errors"]] == ["parameters.expires_in"]


class TestPersonalData:
    def test_without_the_right_it_is_withheld_and_said_so(
        self, transactional_db: None, api: APIClient, loaded: County
    ) -> None:
        job = run_export(api, loaded, "CSV", ["parcels"], parameters={"package": "zip"})
        assert job.status == "COMPLETED"
        assert not job.contains_personal_data
        assert job.result_summary["withheld"] == {"parcels": PERSONAL}
        assert "Withheld as personal data: owner_name, mailing_address" in job.message
        with default_storage.open(job.result_file) as file, zipfile.ZipFile(io.BytesIO(file.read())) as archive:
            content = b"".join(archive.read(name) for name in archive.namelist())
        assert b"Mail St" not in content
        assert b"Owner 1" not in content

    def test_asking_for_it_without_the_right_is_refused(self, api: APIClient, loaded: County) -> None:
        by_field = faults(ask(api, loaded, parameters={"fields": {"parcels": ["parcel_number", "owner_name"]}}))
        assert by_field == {"parameters.fields": "You have no right to personal data: owner_name of parcels."}

    def test_with_the_right_it_goes_out_to_those_who_have_it(
        self,
        transactional_db: None,
        loaded: County,
        make_user: MakeUser,
        manager: Any,
        client_of: ClientOf,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        trusted = make_user("trusted", Role.ANALYST, loaded, may_see_personal_data=True)
        api = client_of(trusted)
        job = run_export(api, loaded, "GeoJSON", ["parcels"])
        assert job.contains_personal_data
        assert job.result_summary["withheld"] == {}
        content = api.get(f"{URL}/jobs/{job.pk}/download").getvalue()
        assert json.loads(content)["features"][1]["properties"]["mailing_address"] == "1 Mail St"

        refused = client_of(manager).get(f"{URL}/jobs/{job.pk}/download")
        assert (refused.status_code, refused.json()["code"]) == (403, "personal_data")
        assert client_of(manager).head(f"{URL}/jobs/{job.pk}/download").status_code == 403
        shown = client_of(manager).get(f"{URL}/results/{job.pk}")
        assert shown.status_code == 200
        assert b"Mail St" not in shown.content

        # Nor does the same request get it, not even if it were taken for the same in every respect.
        body = {"export_format": "GeoJSON", "county_id": loaded.pk, "layers": ["parcels"]}
        assert api.post(f"{URL}/run", body, format="json").data["reused_from"] == str(job.pk)
        assert client_of(manager).post(f"{URL}/run", body, format="json").data["status"] == "PENDING"
        with monkeypatch.context() as blind:
            blind.setattr("terrafusion.jobs.reuse.fingerprint_of", lambda _: job.fingerprint)
            assert api.post(f"{URL}/run", body, format="json").data["status"] == "COMPLETED"
            assert client_of(manager).post(f"{URL}/run", body, format="json").data["status"] == "PENDING"

        again = client_of(manager).post(f"{URL}/jobs/{job.pk}/rerun")  # with the rights of who asks now
        runner.run("gis_export.GisExportJob", again.data["job_id"])
        theirs = GisExportJob.objects.get(pk=again.data["job_id"])
        assert theirs.status == "COMPLETED", theirs.message
        assert theirs.result_summary["withheld"] == {"parcels": PERSONAL}
        assert not theirs.contains_personal_data

    def test_a_right_that_is_taken_away_before_the_job_runs(
        self, transactional_db: None, loaded: County, make_user: MakeUser, client_of: ClientOf
    ) -> None:
        trusted = make_user("trusted", Role.ANALYST, loaded, may_see_personal_data=True)
        response = ask(client_of(trusted), loaded, parameters={"fields": {"parcels": ["owner_name", "zoning"]}})
        CountyAccess.objects.update(may_see_personal_data=False)
        runner.run("gis_export.GisExportJob", response.data["job_id"])
        job = GisExportJob.objects.get(pk=response.data["job_id"])
        assert job.result_summary["withheld"] == {"parcels": ["owner_name"]}
        assert job.result_summary["layers"][0]["fields"] == ["zoning"]


def test_jobs_of_other_counties_are_not_there(
    api: APIClient, loaded: County, outsider: Any, client_of: ClientOf
) -> None:
    job_id = ask(api, loaded).data["job_id"]
    foreign = client_of(outsider)
    for address in (f"status/{job_id}", f"results/{job_id}", f"jobs/{job_id}/download"):
        assert foreign.get(f"{URL}/{address}").status_code == 404
    assert foreign.get(f"{URL}/jobs").json()["results"] == []
    assert "county_id" in faults(ask(foreign, loaded))


def test_antimeridian_is_reported_from_the_beginning_to_the_end(
    transactional_db: None, api: APIClient, loaded: County
) -> None:
    area = {"type": "bbox", "coordinates": [170, -10, -170, 10]}
    accepted = ask(api, loaded, area_of_interest=area)
    assert "antimeridian" in accepted.data["message"]
    job = run_export(api, loaded, "GeoJSON", ["parcels"], area_of_interest=area)
    assert "antimeridian" in job.message
    assert "antimeridian" in str(job.result_summary["request"]["resolved"])


def test_a_layer_that_is_gone_when_the_job_runs(transactional_db: None, api: APIClient, loaded: County) -> None:
    job_id = ask(api, loaded, layers=["zoning"]).data["job_id"]
    ReferenceLayer.objects.filter(name="zoning").delete()
    runner.run("gis_export.GisExportJob", job_id)
    job = GisExportJob.objects.get(pk=job_id)
    assert (job.status, job.error_code) == ("FAILED", "request_outdated")
    assert "zoning" in job.message
