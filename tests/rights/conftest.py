"""A county with a layer, and parcels, whose personal fields hold ``MARK``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.gis.geos import MultiPolygon, Polygon
from rest_framework.test import APIClient

from terrafusion.records.models import County, CountyAccess, PropertyOperational, ReferenceFeature, ReferenceLayer
from tests.conftest import ClientOf, MakeUser
from tests.gis_export.conftest import close_writer
from tests.reporting import data

MARK = "Xanthippe Quux"
Role = CountyAccess.Role


@pytest.fixture(scope="module", autouse=True)
def _writer() -> Iterator[None]:
    """The writer keeps connections to the test database, which could not be dropped under it."""
    yield
    close_writer()


@pytest.fixture
def ground(county: County) -> County:
    """The county with parcels, sales and the layer ``zones``, whose field HOLDER is personal and CODE is not."""
    data.load(county)
    PropertyOperational.objects.filter(parcel_number__lt="0012").update(owner_name=MARK)
    layer = ReferenceLayer.objects.create(
        county=county,
        name="zones",
        title="Zones",
        geometry_type="MultiPolygon",
        field_schema=[{"name": "CODE", "type": "text"}, {"name": "HOLDER", "type": "text", "personal": True}],
    )
    middle = data.WEST + data.SIZE * 5.5
    for key, west, east, holder in (("a", -1, 0, MARK), ("b", 0, 1, f"{MARK} II")):
        ReferenceFeature.objects.create(
            county=county,
            layer=layer,
            feature_key=key,
            attributes={"CODE": key, "HOLDER": holder},
            geometry=MultiPolygon(
                Polygon.from_bbox((middle + west, data.SOUTH - 1, middle + east, data.SOUTH + 1)), srid=4326
            ),
        )
    return county


@pytest.fixture
def trusted(make_user: MakeUser, county: County) -> Any:
    """An analyst with the right to personal data."""
    return make_user("trusted", Role.ANALYST, county, may_see_personal_data=True)


@pytest.fixture
def theirs(trusted: Any, client_of: ClientOf) -> APIClient:
    return client_of(trusted)
