"""Every report that needs no valuation run over random sparse counties: it is made or refused, and nothing breaks."""

from __future__ import annotations

import contextlib
import datetime
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from reporting import jobs
from reporting.models import ReportJob
from reporting.render.formats import FORMATS
from terrafusion.jobs.context import JobContext
from terrafusion.jobs.errors import JobError
from terrafusion.records.models import (
    County,
    PropertyOperational,
    PropertyValueHistory,
    ReferenceFeature,
    ReferenceLayer,
    Sale,
)
from tests.reporting import data
from tests.reporting.conftest import URL

_LEVIES = [{"district": "1", "rate": 10.0}]
_ASKED: dict[str, dict[str, Any]] = {
    "ratio_study": {"list_sales": True},
    "assessment_roll": {},
    "property_record_card": {},
    "change_of_value_notice": {},
    "market_summary": {},
    "neighborhood_profile": {"neighborhood": "7"},
    "abatement_packet": {"parcel": "0001"},
    "county_comparison": {"counties": ["COUNTY01"]},
    "tax_projection": {"district_layer": "school_districts", "levies": _LEVIES},
    "export_activity": {"every_kind": True},
}


def _load(county: County, parcels: int, sales: int, seed: int) -> None:
    """Parcels of which half the columns are empty, some sales, few values of the year before, and a district."""
    random = np.random.default_rng(seed)
    made = []
    for number in range(parcels):
        gone: dict[str, Any] = {"geometry": None, "point": None} if random.random() < 0.3 else {}
        for name in ("land_value", "improvement_value", "total_value", "tax_year", "living_area_sqft", "year_built"):
            if random.random() < 0.4:
                gone[name] = None
        for name in ("neighborhood", "property_class", "use_code", "situs_address", "owner_name", "mailing_address"):
            if random.random() < 0.3:
                gone[name] = ""
        made.append(data.parcel(county, number, **gone))
    made = PropertyOperational.objects.bulk_create(made)
    PropertyValueHistory.objects.bulk_create(
        PropertyValueHistory(
            county=county,
            property=one,
            tax_year=2025,
            effective_date=datetime.date(2025, 1, 1),
            total_value=int(random.integers(0, 3)) * 50_000,
        )
        for one in made
        if random.random() < 0.5
    )
    Sale.objects.bulk_create(
        Sale(
            county=county,
            sale_id=f"S{number}",
            parcel_number=one.parcel_number if one else f"gone {number}",
            property=one,
            sale_date=datetime.date(2024, 1, 1) + datetime.timedelta(int(random.integers(0, 730))),
            sale_price=int(random.choice([1, 90_000, 150_000, 150_000, 9_000_000])),
            point=one.point if one else None,
        )
        for number in range(sales)
        for one in [made[random.integers(0, parcels)] if parcels and random.random() < 0.8 else None]
    )
    layer = ReferenceLayer.objects.create(
        county=county, name="school_districts", title="Districts", geometry_type="MultiPolygon", field_schema=[]
    )
    box = Polygon.from_bbox((data.WEST, data.SOUTH, data.WEST + 0.001, data.SOUTH + 0.001))
    ReferenceFeature.objects.create(
        county=county, layer=layer, feature_key="1", attributes={}, geometry=MultiPolygon(box, srid=4326)
    )


@pytest.mark.parametrize("report", _ASKED)
@settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    parcels=st.sampled_from([1, 3, 12]),
    sales=st.sampled_from([0, 1, 5, 40]),
    seed=st.integers(0, 10_000),
    file_format=st.sampled_from(list(FORMATS)),
)
def test_sparse_counties_have_a_report_or_a_reason(
    boss: APIClient, county: County, report: str, parcels: int, sales: int, seed: int, file_format: str
) -> None:
    with transaction.atomic():
        _load(county, parcels, sales, seed)
        body = {"report_type": report, "county_id": county.pk, "format": file_format, "parameters": _ASKED[report]}
        response = boss.post(f"{URL}/run", body, format="json")
        assert response.status_code in (202, 400), response.content
        if response.status_code == 202:
            _make(ReportJob.objects.get(pk=response.data["job_id"]))
        transaction.set_rollback(True)


def _make(job: ReportJob) -> None:
    """Whatever ends it with a code of its own has a reason; another exception would be an ``internal_error``."""
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(JobError):
        made = jobs.execute(job, JobContext(Path(folder)))
        assert made.file is not None
        assert made.file.size > 0


@pytest.mark.parametrize("file_format", list(FORMATS))
def test_days_without_requests(boss: APIClient, county: County, file_format: str) -> None:
    days = {"first_day": "2020-01-01", "last_day": "2020-01-31"}
    body = {"report_type": "export_activity", "county_id": county.pk, "format": file_format, "parameters": days}
    response = boss.post(f"{URL}/run", body, format="json")
    assert response.status_code == 202, response.content
    _make(ReportJob.objects.get(pk=response.data["job_id"]))
