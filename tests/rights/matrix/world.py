"""Two counties with one of everything that a route can name, each marked, and its personal data marked apart."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from typing import Any

from django.contrib.gis.geos import MultiPolygon, Polygon
from django.urls import reverse
from django.utils import timezone

from gis_export.formats.registry import all_formats
from gis_export.models import GisExportJob
from terrafusion.jobs.models import Schedule, WebhookDelivery
from terrafusion.records.models import (
    County,
    CountySettings,
    PropertyOperational,
    ReferenceFeature,
    ReferenceLayer,
    Sale,
    UploadedArea,
)
from tests.conftest import MakeUser
from tests.rights.matrix.people import client_of
from tests.rights.reading import finished
from tests.valuation import data
from tests.valuation.test_rate_tables import FIGURES
from valuation.models import SCHEDULES, ValuationModel


@dataclass
class World:
    """A county. ``mark`` is in its records, ``secret`` in the personal ones only."""

    county: County
    owner: Any
    mark: str
    secret: str
    keys: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    """A file of its job, by plugin."""
    exports: dict[str, Any] = field(default_factory=dict)
    """Its jobs with personal data, by format."""


def world(county: County, make: MakeUser) -> World:
    owner = make(f"owner of {county.pk}", "manager", county, may_see_personal_data=True)
    made = World(county, owner, f"MARK-{county.pk}", f"SECRET-{county.pk}")
    _records(made)
    _others(made)
    return made


def _records(made: World) -> None:
    county = made.county
    CountySettings.objects.create(county=county)
    parcels = data.homes(county, 6)
    PropertyOperational.objects.filter(county=county).update(situs_address=made.mark, owner_name=made.secret)
    data.sales(county, parcels, 6)
    Sale.objects.filter(county=county).update(deed_code=made.mark)
    layer = ReferenceLayer.objects.create(
        county=county,
        name="zones",
        title=made.mark,
        geometry_type="MultiPolygon",
        field_schema=[{"name": "CODE", "type": "text"}, {"name": "HOLDER", "type": "text", "personal": True}],
    )
    shape = MultiPolygon(Polygon.from_bbox((data.WEST - 1, data.SOUTH - 1, data.WEST + 1, data.SOUTH + 1)), srid=4326)
    feature = ReferenceFeature.objects.create(
        county=county,
        layer=layer,
        feature_key=made.mark,
        attributes={"CODE": made.mark, "HOLDER": made.secret},
        geometry=shape,
    )
    area = UploadedArea.objects.create(
        county=county,
        owner=made.owner,
        name=made.mark,
        file_format="GeoJSON",
        vertices=5,
        file_bytes=1,
        file_sha256="",
        geometry=shape,
        expires_at=timezone.now() + datetime.timedelta(days=1),
    )
    sale = Sale.objects.filter(county=county).first()
    assert sale is not None
    made.keys |= {
        "counties": county.pk,
        "properties": str(parcels[0].pk),
        "sales": str(sale.pk),
        "reference-layers": str(layer.pk),
        "features": str(feature.pk),
        "parcel": parcels[0].parcel_number,
        "areas": str(area.pk),
    }


def bodies(made: World) -> dict[str, dict[str, Any]]:
    """Of each plugin a sound request; those of exports and reports hold personal data for whoever has the right."""
    county = made.county.pk
    return {
        "gis-export": {"export_format": "CSV", "county_id": county, "layers": ["parcels", "zones"], "parameters": {}},
        "market-analysis": {
            "analysis_type": "sales_activity",
            "county_id": county,
            "geography": "county",
            "parameters": {},
        },
        "reporting": {
            "report_type": "property_record_card",
            "county_id": county,
            "format": "html",
            "parameters": {"parcels": ["0000"]},
        },
        "valuation": {
            "valuation_method": "ratio_study",
            "county_id": county,
            "valuation_date": "2022-01-01",
            "parameters": {},
        },
    }


def _others(made: World) -> None:
    """Jobs, made by the owner; what hangs on them; rates."""
    owner, county = made.owner, made.county
    for name in all_formats():
        asked = {**bodies(made)["gis-export"], "export_format": name, "layers": ["zones"]}
        made.exports[name] = job_of(made, "gis_export", asked)
        assert made.exports[name].contains_personal_data
    run = data.run_of(county, owner, message=made.mark)
    parcel = PropertyOperational.objects.get(pk=made.keys["properties"])
    data.proposed(run, parcel)
    model = ValuationModel.objects.create(
        county=county,
        job=run,
        method="mass_appraisal",
        valuation_date=data.VALUATION_DATE,
        sales=6,
        seed=1,
        features=[],
        metrics={},
        parameters={},
        card={"note": made.mark},
        software={},
        data_version="1",
        data_as_of=timezone.now(),
        artefact=b"",
        artefact_sha256="",
        artefact_bytes=0,
    )
    schedule = Schedule.objects.create(
        county=county,
        owner=owner,
        name=made.mark,
        job_type="gis_export",
        request={**bodies(made)["gis-export"], "layers": ["zones"]},
        cron="0 5 * * *",
        time_zone="America/Los_Angeles",
        next_run_at=timezone.now() + datetime.timedelta(days=1),
        contains_personal_data=True,
    )
    GisExportJob.objects.filter(pk=made.exports["CSV"].pk).update(schedule=schedule)
    delivery = WebhookDelivery.objects.create(
        owner=owner,
        county=county,
        job_type="valuation",
        job_id=run.pk,
        url=f"https://example.com/{made.mark}",
        host="example.com",
        payload="{}",
    )
    for name, table in SCHEDULES.items():
        figures = {**FIGURES[name], "source": made.mark}
        rates = table._default_manager.create(county=county, effective_from=datetime.date(2024, 1, 1), **figures)
        made.keys[f"rate-tables/{name}"] = str(rates.pk)
    made.files["gis-export"] = _name_of(made.exports["CSV"])
    made.keys |= {
        "gis-export": str(made.exports["CSV"].pk),
        "valuation": str(run.pk),
        "models": str(model.pk),
        "schedules": str(schedule.pk),
        "deliveries": str(delivery.pk),
    }
    for plugin in ("market_analysis", "reporting"):
        route = plugin.replace("_", "-")
        job = job_of(made, plugin, bodies(made)[route])
        made.keys[route], made.files[route] = str(job.pk), _name_of(job)


def job_of(made: World, plugin: str, body: dict[str, Any]) -> Any:
    """The completed job of a request by the county's owner."""
    answer = client_of(made.owner).post(reverse(f"{plugin}:run"), body, format="json")
    assert answer.status_code == 202, answer.content
    return finished(plugin, answer.json()["job_id"])


def _name_of(job: Any) -> str:
    return str(next((member["name"] for member in job.result_members), job.result_file.rsplit("/", 1)[-1]))
