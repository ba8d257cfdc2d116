from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from rest_framework.test import APIClient

from tests.api.data import CountyData, client_of, make_county, member


@pytest.fixture(autouse=True)
def _fresh_throttles() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def county(db: None) -> CountyData:
    return make_county("COUNTY01")


@pytest.fixture
def other(db: None) -> CountyData:
    return make_county("COUNTY02")


@pytest.fixture
def client(county: CountyData) -> APIClient:
    """Of a user who may see COUNTY01 only."""
    return client_of(member(county.county))


@pytest.fixture
def admin_api(db: None) -> APIClient:
    return client_of(User.objects.create_superuser("root", password="root-password"))
