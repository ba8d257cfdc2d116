"""The schema is valid OpenAPI 3.1, complete, and without a warning."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from rest_framework.test import APIClient

from tests.api.data import PERSONAL, CountyData
from tests.conftest import ClientOf

MATRIX = Path(__file__).parent.parent / "rights" / "matrix" / "matrix.txt"


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    file = tmp_path_factory.mktemp("schema") / "schema.yaml"
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(file))
    document: dict[str, Any] = yaml.safe_load(file.read_text())
    return document


def _operations(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(path, operation) for path, methods in schema["paths"].items() for operation in methods.values()]


def test_version_and_paths(schema: dict[str, Any]) -> None:
    assert schema["openapi"].startswith("3.1")
    assert {"/api/v1/properties", "/api/v1/counties/{id}/settings", "/api/v1/token"} <= set(schema["paths"])
    assert not [path for path in schema["paths"] if path.endswith("/") and path != "/api/v1/"]


def test_every_error_is_a_problem(schema: dict[str, Any]) -> None:
    for path, operation in _operations(schema):
        for status, response in operation["responses"].items():
            if status >= "400":
                assert list(response["content"]) == ["application/problem+json"], (path, status)
                reference = response["content"]["application/problem+json"]["schema"]["$ref"]
                assert reference == "#/components/schemas/Problem", (path, status)


def test_every_operation_says_what_it_is(schema: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in _operations(schema)]
    assert len(names) == len(set(names))
    for path, operation in _operations(schema):
        assert operation.get("description") or operation.get("summary"), path


def test_every_query_parameter_is_described(schema: dict[str, Any]) -> None:
    for path, operation in _operations(schema):
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "query":
                assert parameter.get("description"), (path, parameter["name"])


def test_personal_fields_are_not_in_the_records(schema: dict[str, Any]) -> None:
    properties = schema["components"]["schemas"]["Property"]["properties"]["properties"]["properties"]
    assert "parcel_number" in properties
    assert not [name for name in properties if "owner" in name or "mailing" in name]
    assert not [secret for secret in PERSONAL if secret in str(schema)]


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("application/json", "application/json"),
        ("application/yaml", "application/yaml"),
        ("*/*", "application/vnd.oai"),
    ],
)
def test_it_is_served(admin_api: APIClient, accept: str, content_type: str) -> None:
    response = admin_api.get("/api/v1/schema", headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith(content_type)
    assert yaml.safe_load(response.content)["info"]["title"] == "TerraFusion"


def test_lists_and_pages_are_what_is_answered(schema: dict[str, Any], admin_api: APIClient, county: CountyData) -> None:
    """A page is an object with links, a list is a list."""
    compared = 0
    for path, methods in schema["paths"].items():
        content = methods.get("get", {}).get("responses", {}).get("200", {}).get("content", {})
        if "application/json" not in content:
            continue
        address = path.replace("{id}", str(county.parcels[0].pk if "properties" in path else county.layer.pk))
        query = {"county_id": county.county.pk} if path.endswith(("/layers", "/value-history")) else {}
        answer = admin_api.get(address, {} if "value-history" in path else query)
        if "{" in address or answer.status_code != 200:
            continue
        shown = content["application/json"]["schema"]
        shown = schema["components"]["schemas"][shown["$ref"].rpartition("/")[2]] if "$ref" in shown else shown
        body = answer.json()
        assert isinstance(body, list) is (shown["type"] == "array"), path
        if isinstance(body, dict):
            assert ("next" in body) is ("next" in shown.get("properties", {})), path
        compared += 1
    assert compared > 25


def test_bodies_are_json_and_uploads_are_multipart(schema: dict[str, Any]) -> None:
    types = {
        (path, method): list(operation["requestBody"]["content"])
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if "requestBody" in operation
    }
    uploads = {("/api/v1/gis-export/areas", "post")}
    assert {operation for operation, listed in types.items() if listed == ["multipart/form-data"]} == uploads
    assert {operation for operation, listed in types.items() if listed == ["application/json"]} == set(types) - uploads
    assert len(types) > 20


def test_no_component_has_the_name_that_generators_give_to_a_member_of_another(schema: dict[str, Any]) -> None:
    components = schema["components"]["schemas"]
    for name, component in components.items():
        for member in component.get("properties", {}):
            generated = name + "".join(map(str.capitalize, member.split("_")))
            assert generated not in components, f"{name}.{member}"


def test_a_token_is_required_but_where_one_is_got(
    schema: dict[str, Any], client_of: ClientOf, county: CountyData
) -> None:
    """What the schema says of each operation is what a caller without a token is answered."""
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            answer = getattr(client_of(None), method)(path.format_map(defaultdict(lambda: "1")), {}, format="json")
            required = {"tokenAuth": []} in operation.get("security", [{}])
            assert (answer.status_code == 401) is required, (method, path)
            assert ("401" in operation["responses"]) is required, (method, path)


def test_every_refusal_on_record_is_documented(schema: dict[str, Any]) -> None:
    """The rights matrix says what users of each kind are answered."""
    documented = {
        (method.upper(), re.sub(r"{\w+}", "*", path.strip("/"))): set(operation["responses"])
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    }
    compared = 0
    for block in re.split(r"\n(?=\S)", MATRIX.read_text()):
        head, _, answers = block.partition("\n")
        method, _, template = head.partition(" ")
        statuses = set(re.findall(r"\b[2-5]\d\d\b", answers))
        operation = (method, re.sub(r"%\(\w+\)s", "*", template).strip("/"))
        if operation in documented:
            assert statuses <= documented[operation], operation
            compared += "403" in statuses
    assert compared > 30


def test_what_takes_a_right_documents_its_refusal(schema: dict[str, Any]) -> None:
    """All that change something, and what not everybody of the county may see: files, the record of access."""
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            guarded = path.endswith(("/download", "/files", "/files/{name}", "/personal-data-access"))
            assert ("403" in operation["responses"]) is (method != "get" or guarded), (method, path)
