"""Pages for people: the front page, the browsable API, Swagger UI, the admin. Nothing comes from another server."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gis_export.models import GisExportJob
from terrafusion.records import settings_validators
from terrafusion.records.models import County, CountyAccess, CountySettings, PropertyOperational
from terrafusion.records.record_admin import MAX_LISTED, CappedPaginator
from tests.api.data import CountyData, member, parcel


class _Assets(HTMLParser):
    """What a page loads, and the scripts that are written into it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.inline_scripts = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in ("script", "img", "iframe") and values.get("src"):
            self.loaded.append(values["src"] or "")
        elif tag == "link" and values.get("rel") in ("stylesheet", "icon", "shortcut icon"):
            self.loaded.append(values["href"] or "")
        elif tag == "script" and values.get("type") != "application/json":
            self.inline_scripts += 1
        self.inline_scripts += any(name.startswith("on") for name in values)


def _check(response: Any, status: int = 200) -> str:
    assert response.status_code == status
    policy = response.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy + ";"
    assert "frame-ancestors 'none'" in policy
    text: str = response.content.decode()
    assets = _Assets(text)
    assert assets.inline_scripts == 0
    for address in assets.loaded:
        if address.startswith("data:"):
            continue
        assert address.startswith("/"), address
        assert not address.startswith("//"), address
        if address.startswith("/static/"):
            assert finders.find(address.removeprefix("/static/")), address
    return text


@pytest.fixture
def staff(county: CountyData) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="root-password"))
    return client


def test_the_front_page_of_an_empty_installation(db: None) -> None:
    text = _check(Client().get("/"))
    assert "load_demo_county" in text
    assert "Log in" in text


def test_the_front_page_names_no_county_to_strangers(county: CountyData) -> None:
    text = _check(Client().get("/"))
    assert "load_demo_county" not in text
    assert "COUNTY01" not in text


def test_the_front_page_of_a_user(county: CountyData, other: CountyData) -> None:
    client = Client()
    client.force_login(member(county.county))
    text = _check(client.get("/"))
    assert "COUNTY01" in text
    assert "COUNTY02" not in text
    assert "Export layers" in text
    for link in re.findall(r'href="(/api/[^"]*)"', text):
        assert client.get(link.replace("&amp;", "&")).status_code == 200, link


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/",
        "/api/v1/counties",
        "/api/v1/counties/COUNTY01/settings",
        "/api/v1/properties?page_size=2",
        "/api/v1/sales",
        "/api/v1/reference-layers",
        "/api/v1/docs",
        "/api-auth/login/",
        "/admin/",
        "/admin/records/county/",
        "/admin/records/county/COUNTY01/change/",
        "/admin/records/countyaccess/",
        "/admin/records/countysettings/",
        "/admin/records/countysettings/COUNTY01/change/",
        "/admin/records/propertyoperational/",
        "/admin/records/sale/",
        "/admin/records/referencelayer/",
        "/admin/records/referencefeature/",
    ],
)
def test_pages_load_nothing_from_elsewhere(staff: Client, path: str) -> None:
    _check(staff.get(path, headers={"Accept": "text/html"}))


def test_the_browsable_api_has_a_form_of_the_filters(staff: Client) -> None:
    text = _check(staff.get("/api/v1/properties", headers={"Accept": "text/html"}))
    for name in ("county_id", "in_bbox", "near", "distance", "total_value__gte", "parcel_number"):
        assert f'name="{name}"' in text
    assert "west,south,east,north" in text


def test_the_browsable_form_of_a_layers_attributes(staff: Client, county: CountyData) -> None:
    path = f"/api/v1/reference-layers/{county.layer.pk}/features"
    text = _check(staff.get(path, headers={"Accept": "text/html"}))
    assert 'name="where[ZCODE]"' in text
    assert 'name="where[PHONE]"' not in text


def test_the_form_of_a_job(staff: Client, county: CountyData) -> None:
    path = "/api/v1/gis-export/run"
    text = _check(staff.get(path, headers={"Accept": "text/html"}))
    assert "not currently supported" not in text
    assert 'value="[]"' not in text
    assert ">null<" not in text
    assert "zoning" in text  # the layers are named
    # As the page sends it, with what it was filled in with.
    form = {
        "export_format": "GeoJSON",
        "county_id": "COUNTY01",
        "layers": "parcels, zoning",
        "area_of_interest": "",
        "parameters": "{}",
    }
    response = staff.post(path, form, headers={"Accept": "text/html"})
    assert response.status_code == 202, response.content.decode()
    status = staff.get(response.headers["Location"], headers={"Accept": "application/json"}).json()
    assert status["parameters"] == {"layers": ["parcels", "zoning"], "area_of_interest": None}
    assert f'action="{status["links"]["cancel"]}"' in response.content.decode()


@pytest.mark.parametrize(("action", "accepted"), [("run", 202), ("estimate", 200)])
def test_a_form_keeps_what_was_sent(staff: Client, county: CountyData, action: str, accepted: int) -> None:
    path = f"/api/v1/gis-export/{action}"
    form = {
        "export_format": "KML",
        "county_id": "COUNTY01",
        "layers": "parcels, <rivers>",
        "area_of_interest": '{"type": "bbox"}',
        "parameters": '{"precision": ',
    }
    refused = _check(staff.post(path, form, headers={"Accept": "text/html"}), 400)
    assert re.search(r'<option value="KML" selected\s*>', refused)
    assert 'value="parcels, &lt;rivers&gt;"' in refused
    assert "{&quot;type&quot;: &quot;bbox&quot;}</textarea>" in refused
    assert "{&quot;precision&quot;: </textarea>" in refused
    good = {
        **form,
        "export_format": "GeoJSON",
        "layers": "parcels",
        "area_of_interest": "",
        "parameters": '{"precision": 3}',
    }
    text = _check(staff.post(path, good, headers={"Accept": "text/html"}), accepted)
    assert "{&quot;precision&quot;: 3}</textarea>" in text
    assert "not currently supported" not in text
    body = json.dumps({"layers": ["parcels", "rivers"]})
    text = _check(staff.post(path, body, "application/json", headers={"Accept": "text/html"}), 400)
    assert 'value="parcels, rivers"' in text
    text = _check(staff.post(path, "{", "application/json", headers={"Accept": "text/html"}), 400)
    assert 'name="layers"' in text


@pytest.fixture
def finished(county: CountyData) -> GisExportJob:
    return GisExportJob.objects.create(
        county=county.county,
        export_format="GeoJSON",
        layers=["parcels"],
        status="COMPLETED",
        completed_at=timezone.now(),
        result_file="gis_exports_output/COUNTY01/x.geojson",
        result_file_bytes=2_000_000,
    )


def test_what_can_be_done_with_a_job_is_a_click_away(staff: Client, finished: GisExportJob) -> None:
    page = f"/api/v1/gis-export/results/{finished.pk}"
    text = _check(staff.get(page, headers={"Accept": "text/html"}))
    assert "<h1>GIS export job: results</h1>" in text
    assert "<p>The status and, once" in text
    assert re.search(rf'href="[^"]*/jobs/{finished.pk}/download">Download \(1.9\xa0MB\)</a>', text)
    assert re.search(rf'<form method="post" action="[^"]*/jobs/{finished.pk}/rerun">', text)
    assert "/cancel" not in text
    listed = _check(staff.get("/api/v1/gis-export/jobs", headers={"Accept": "text/html"}))
    assert "<h1>GIS export jobs</h1>" in listed
    assert re.search(rf'href="[^"]*/jobs/{finished.pk}/download">Download</a>', listed)


def test_the_admin_of_jobs(staff: Client, finished: GisExportJob) -> None:
    text = _check(staff.get("/admin/gis_export/gisexportjob/"))
    assert f'<a href="/api/v1/gis-export/jobs/{finished.pk}/download">1.9\xa0MB</a>' in text
    assert "django_q" not in _check(staff.get("/admin/"))


def test_admin_shows_geometry_in_words(staff: Client, county: CountyData) -> None:
    text = _check(staff.get(f"/admin/records/propertyoperational/{county.parcels[0].pk}/change/"))
    assert "MultiPolygon, 5 vertices, -121.990000,47.000000" in text
    assert 'name="geometry"' not in text
    feature = county.layer.features.get(feature_key="Z1").pk
    for path, words in (
        (f"sale/{county.sales[0].pk}", "Point, 1 vertex, "),
        (f"referencefeature/{feature}", "vertices"),
    ):
        assert words in _check(staff.get(f"/admin/records/{path}/change/"))


def test_staff_of_one_county(county: CountyData, other: CountyData) -> None:
    user = member(county.county)
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="records"))
    client = Client()
    client.force_login(user)
    listed = client.get("/admin/records/propertyoperational/").content.decode()
    assert f"/propertyoperational/{county.parcels[0].pk}/" in listed
    assert f"/propertyoperational/{other.parcels[0].pk}/" not in listed
    path = f"/admin/records/propertyoperational/{county.parcels[0].pk}/change/"
    assert "SECRETOWNER" not in _check(client.get(path))
    CountyAccess.objects.update(may_see_personal_data=True)
    assert "SECRETOWNER" in _check(client.get(path))


def test_admin_finds_a_parcel_by_its_number(staff: Client, county: CountyData) -> None:
    text = _check(staff.get("/admin/records/propertyoperational/?q=000002"))
    assert "000002" in text
    assert "000003" not in text


def test_admin_lists_with_few_queries_and_counts_with_a_limit(staff: Client, county: CountyData) -> None:
    def queries() -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            _check(staff.get("/admin/records/propertyoperational/"))
        return [query["sql"] for query in captured if "records_" in query["sql"]]

    few = queries()
    for number in range(4, 40):
        parcel(county.county, number)
    many = queries()
    assert len(many) == len(few)
    for sql in many:
        assert "COUNT(" not in sql or f"LIMIT {MAX_LISTED}" in sql
        assert '"geometry"' not in sql or "COUNT(" in sql
    assert CappedPaginator(PropertyOperational.objects.order_by("id"), 10).count == 39


def _save(staff: Client, **values: str) -> Any:
    form = {
        "county": "COUNTY01",
        "allowed_formats": "[]",
        "default_parameters": "{}",
        "format_limits": "{}",
        "max_area_vertices": "100",
        "max_active_jobs": "5",
        "result_days": "3",
        "max_result_days": "60",
        "time_zone": "America/Los_Angeles",
        "value_rounding": "10",
        "proposal_days": "365",
        "revocation_days": "30",
        "access_log_days": "2555",
    }
    return staff.post("/admin/records/countysettings/COUNTY01/change/", {**form, **values})


def test_settings_are_edited_in_the_admin(staff: Client, county: CountyData) -> None:
    assert _save(staff, allowed_formats='["GeoJSON"]', default_crs="2926").status_code == 302
    settings = CountySettings.objects.get()
    assert (settings.allowed_formats, settings.default_crs, settings.result_days) == (["GeoJSON"], 2926, 3)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("allowed_formats", '"GeoJSON"'),
        ("allowed_formats", "[1]"),
        ("allowed_formats", "{"),
        ("default_parameters", "[]"),
        ("format_limits", '{"Clay": {}}'),
        ("format_limits", '{"KML": {"max_rows": 3}}'),
        ("format_limits", '{"KML": {"max_records": -1}}'),
        ("format_limits", '{"KML": 3}'),
        ("format_limits", "[]"),
        ("result_days", "0"),
    ],
)
def test_settings_of_a_wrong_shape_are_refused(staff: Client, county: CountyData, field: str, value: str) -> None:
    response = _save(staff, **{field: value})
    assert response.status_code == 200
    assert field in response.context["adminform"].form.errors
    assert CountySettings.objects.get().result_days == 30


def test_a_plugin_checks_settings(staff: Client, county: CountyData, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings_validators, "_checks", [])

    def check(settings: CountySettings) -> dict[str, str]:
        unknown = set(settings.allowed_formats) - {"GeoJSON"}
        return {"allowed_formats": f"Unknown: {', '.join(unknown)}"} if unknown else {}

    settings_validators.register(check)
    settings_validators.register(check)
    response = _save(staff, allowed_formats='["Word"]')
    assert response.context["adminform"].form.errors["allowed_formats"] == ["Unknown: Word"]
    assert _save(staff, allowed_formats='["GeoJSON"]').status_code == 302


def test_the_id_of_a_county_does_not_change(staff: Client, county: CountyData) -> None:
    text = _check(staff.get("/admin/records/county/COUNTY01/change/"))
    assert 'name="id"' not in text
    assert County.objects.count() == 1
