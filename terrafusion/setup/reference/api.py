"""Endpoints, and the members of requests, from the OpenAPI schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from terrafusion.setup.reference.markdown import code, page, sentence, table

_METHODS = ("get", "post", "patch", "put", "delete")
_EVERYWHERE = {"400", "401", "404", "405", "406", "415", "429", "500"}


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return schema


def endpoints() -> str:
    groups: dict[str, list[tuple[str, ...]]] = {}
    for path, method, operation in _operations():
        group = operation.get("tags", ["root"])[0]
        own = [status for status in operation["responses"] if status not in _EVERYWHERE]
        meaning = sentence(operation.get("summary") or operation.get("description"))
        groups.setdefault(group, []).append((code(f"{method.upper()} {path}"), meaning, ", ".join(sorted(own))))
    blocks = [f"## {name}\n\n" + table(("endpoint", "meaning", "answers"), rows) for name, rows in groups.items()]
    return page(
        "Endpoints",
        "Every operation of the REST API. Beside the listed answers, each can answer 400, 401, 404, 405, 406, 415, "
        "429, and 500 as [problem details](error-codes.md). The whole schema is at `/api/v1/schema`.",
        *blocks,
    )


def request_members() -> str:
    blocks = []
    for path, method, operation in _operations():
        if method == "post" and path.endswith("/run") and "{" not in path:
            body = _resolved(operation["requestBody"]["content"]["application/json"]["schema"])
            blocks += [f"## `POST {path}`", _members(body)]
            parameters = _resolved(body["properties"].get("parameters", {}))
            if parameters.get("properties"):
                blocks += ["Members of `parameters`:", _members(parameters)]
    return page(
        "Request members",
        "The bodies of `run`, and the parameters that every job of the kind takes. Further parameters depend on the "
        "[report or analysis](job-parameters.md), the [valuation method](../user/valuation.md), or are those of "
        "[exports](../user/parameters.md). Unknown keys are refused.",
        *blocks,
    )


def _operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in sorted(_schema()["paths"].items()):
        yield from ((path, method, item[method]) for method in _METHODS if method in item)


def _members(schema: dict[str, Any]) -> str:
    required = set(schema.get("required", ()))
    rows = []
    for name, member in schema["properties"].items():
        default = code(json.dumps(member["default"])) if member.get("default") is not None else ""
        text = sentence(member.get("description"))
        rows.append((code(name), _type(member), "required" if name in required else default, text))
    return table(("member", "type", "default", "meaning"), rows)


def _type(member: dict[str, Any]) -> str:
    resolved = _resolved(member)
    if choices := resolved.get("enum"):
        return ", ".join(code(choice) for choice in choices if choice not in (None, ""))
    if several := resolved.get("oneOf") or resolved.get("anyOf"):
        return " or ".join(dict.fromkeys(filter(None, map(_type, several)))) or "any"
    kind = resolved.get("type", "any" if resolved == {} else "")
    kinds = [kind] if isinstance(kind, str) else [one for one in kind if one != "null"]
    text = " or ".join(kinds)
    return f"{text} of {_type(resolved['items'])}" if text == "array" and resolved.get("items") else text


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref") or (schema.get("allOf") or [{}])[0].get("$ref")
    if not reference:
        return schema
    component: dict[str, Any] = _schema()["components"]["schemas"][reference.rpartition("/")[2]]
    return component
