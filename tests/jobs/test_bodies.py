"""What a body may hold, whatever plugin it is for, and what is said of one with many faults."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest
from rest_framework.test import APIClient

from terrafusion.api import bodies
from terrafusion.api.errors import BodyTooComplex

RUN = "/api/v1/dummy/run"
FORM = "application/x-www-form-urlencoded"


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


TOO_MUCH = [
    {"parameters": {f"unknown_{number}": number for number in range(200_000)}},
    {"parameters": {f"unknown_{number}": number for number in range(1_001)}},
    {"parameters": {"lines": ["x"] * 50_001}},
    {"parameters": {"lines": [["x"] * 40_000] * 6}},
    {"parameters": {"lines": nested(33)}},
    {"parameters": {"lines": nested(300)}},
    {"parameters": {"lines": [{}] * 100_001}},
    {"parameters": {"lines": [[]] * 700_000}},
    {"parameters": {"lines": [1] * 1_600_000}},
]


@pytest.mark.parametrize("body", TOO_MUCH, ids=range(len(TOO_MUCH)))
@pytest.mark.parametrize("as_form", [False, True])
def test_a_body_that_holds_too_much_is_refused_at_once(api: APIClient, body: dict[str, Any], as_form: bool) -> None:
    text = json.dumps(body["parameters"])
    content, kind = (urlencode({"parameters": text}), FORM) if as_form else (f'{{"parameters": {text}}}', None)
    began = time.process_time()
    response = api.post(RUN, content, content_type=kind or "application/json")
    assert time.process_time() - began < 5
    assert response.status_code == 400, response.content[:500]
    assert response.json()["code"] == "body_too_complex"
    assert len(response.content) < 2_000


def test_large_shapes_and_lists_of_parcels_pass() -> None:
    """A hundred thousand positions, two thousand features with attributes, fifty thousand parcels named one by one."""
    ring = [[-122.123456, 47.123456]] * 100_000
    feature = {"type": "Feature", "properties": {f"p{n}": "x" for n in range(30)}, "geometry": {"coordinates": [ring]}}
    features = [{**feature, "geometry": {"coordinates": [ring[:20]]}}] * 2_000
    for area in (
        {"type": "MultiPolygon", "coordinates": [[ring]]},
        {"features": features},
        {"parcels": ["1"] * 50_000},
    ):
        body = {"request": {"area_of_interest": [area]}}
        bodies.scan(json.dumps(body))
        bodies.check(body)
    with pytest.raises(BodyTooComplex):
        bodies.check({"request": [*features, *features, *features, *features]})


def test_the_first_faults_are_named_and_all_are_counted(api: APIClient) -> None:
    body = {f"unknown_{number:03d}": number for number in range(900)}
    problem = api.post(RUN, body, format="json").json()
    assert problem["error_count"] == 902  # county_id and flavour are missing, too
    assert len(problem["errors"]) == 20
    assert problem["detail"].endswith(", and 882 more.")
    few = api.post(RUN, {"unknown": 1}, format="json").json()
    assert (few["error_count"], len(few["errors"])) == (3, 3)
    assert api.get("/api/v1/dummy/status/6a1f7d5e-7a51-4a0a-8d55-000000000000").json()["error_count"] == 0


def test_what_was_given_is_not_sent_back_whole(api: APIClient) -> None:
    body = {"flavour": "x" * 1_000_000, "y" * 1_000_000: 1}
    response = api.post(RUN, body, format="json")
    assert response.status_code == 400
    assert len(response.content) < 10_000
    assert {fault["field"][:7] for fault in response.json()["errors"]} == {"county_", "flavour", "yyyyyyy"}
