"""The whole API, asked by schemathesis what its own schema allows and what it forbids, in this process.

The same requests each time, so that a run can be repeated; FUZZ_EXAMPLES=100 asks that many others of each operation.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.db.models import Model
from django.utils import timezone
from hypothesis import HealthCheck, settings
from schemathesis import Case, CheckContext, Response
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gis_export.models import GisExportJob
from terrafusion.accounts import lookup, tokens
from terrafusion.records.models import County, PropertyOperational, ReferenceLayer, Sale
from terrafusion.wsgi import application
from tests.api.data import CountyData, member

EXAMPLES = os.environ.get("FUZZ_EXAMPLES", "")


def forbidden_is_rejected(ctx: CheckContext, response: Response, case: Case) -> bool | None:
    """A filter with an empty value is one that was not given, as a form sends it; the schema cannot say so."""
    if "" in (case.query or {}).values():
        return None
    rejected: bool | None = negative_data_rejection(ctx, response, case)
    return rejected


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    forbidden_is_rejected,
]
_TOKENS: list[str] = []
"""The last is that of the manager."""


@pytest.fixture
def api(county: CountyData, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The schema as a manager of COUNTY01 gets it."""
    monkeypatch.setattr("rest_framework.throttling.SimpleRateThrottle.allow_request", lambda *_: True)
    # The test's transaction is a connection that requests must not close, as Django's own test client knows.
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    GisExportJob.objects.create(
        county=county.county,
        export_format="GeoJSON",
        layers=["parcels"],
        status="COMPLETED",
        completed_at=timezone.now(),
    )
    _TOKENS.append(tokens.make(member(county.county, role="manager"))[1])
    yield schemathesis.openapi.from_wsgi(
        "/api/v1/schema?format=json", application, headers={"Authorization": f"Token {_TOKENS[-1]}"}
    )
    for signal in signals:
        signal.connect(close_old_connections)


def fuzz(group: str, operations: Any) -> Any:
    """One test of these operations, each a subtest; a group of its own for the processes that share the suite."""

    @pytest.mark.timeout(1800)  # of all operations of the group together
    @pytest.mark.xdist_group(group)
    @operations.parametrize()  # type: ignore[untyped-decorator]  # schemathesis is not followed by mypy
    @settings(
        max_examples=int(EXAMPLES or 10),
        derandomize=not EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    def test(case: Case) -> None:
        if lookup.find(_TOKENS[-1]) is None:  # an example has revoked it
            _TOKENS.append(tokens.make(User.objects.get())[1])
        headers = {"Authorization": f"Token {_TOKENS[-1]}"}
        case.call_and_validate(headers=headers, checks=CHECKS)
        if (known := _known_id(case.path)) is not None:
            # Random ids seldom exist: ask the same of a record that does.
            case.path_parameters = {**(case.path_parameters or {}), **known}
            checks = [check for check in CHECKS if check is not forbidden_is_rejected]
            case.call_and_validate(headers=headers, checks=checks)

    return test


schema = schemathesis.pytest.from_fixture("api")
test_gis_export_keeps_to_its_schema = fuzz("fuzz 1", schema.include(path_regex="^/api/v1/gis-export/"))
test_valuation_keeps_to_its_schema = fuzz(
    "fuzz 2",
    # The rate tables share one view: one of them stands for all.
    schema.include(path_regex="^/api/v1/valuation/").exclude(path_regex="rate-tables/(?!cost)"),
)
test_market_analysis_and_reporting_keep_to_their_schema = fuzz(
    "fuzz 3", schema.include(path_regex="^/api/v1/(market-analysis|reporting)/")
)
test_all_else_keeps_to_its_schema = fuzz(
    "fuzz 4", schema.exclude(path_regex="^/api/v1/(gis-export|valuation|market-analysis|reporting)/")
)


def _known_id(path: str) -> Any:
    if path.startswith("/api/v1/gis-export/") and "{job_id}" in path:
        return {"job_id": str(GisExportJob.objects.order_by("pk").values_list("pk", flat=True)[0])}
    kinds: dict[str, type[Model]] = {
        "/api/v1/counties/{id}": County,
        "/api/v1/properties/{id}": PropertyOperational,
        "/api/v1/sales/{id}": Sale,
        "/api/v1/reference-layers/{id}": ReferenceLayer,
    }
    models = [kind for start, kind in kinds.items() if path.startswith(start)]
    return {"id": models[0]._default_manager.values_list("pk", flat=True)[0]} if models else None
