"""Error codes: of jobs, of requests, and of single fields."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from rest_framework import exceptions, serializers

from terrafusion.jobs import errors
from terrafusion.setup.reference import source
from terrafusion.setup.reference.markdown import PARTS, code, page, sentence, table

_CODE = re.compile(r"[a-z]+(_[a-z]+)*")
_OF_DRF = ("rest_framework.exceptions", "rest_framework.fields", "rest_framework.serializers")
_SENTENCE = re.compile(r"(.+?[.;:])(?=\s|$)")
_TEXTS = {
    "limit_exceeded": "The request would exceed a limit that is in the error's text.",
    "not_feasible": "The job could not succeed with the records that are loaded; the text says what is needed.",
    "required": "This field is required.",
    "too_many_active_jobs": "The user has as many waiting and running jobs as the county allows.",
    "unknown_key": "The key is unknown; the text names the nearest known one.",
    "unknown_parameter": "The parameter of the query string is unknown; the text names the nearest known one.",
}
"""Of codes whose text is put together in several places."""


def error_codes() -> str:
    jobs = [(code(name), _meaning(kind), kind.remedy) for name, kind in sorted(errors.known().items())]
    return page(
        "Error codes",
        "Codes are stable: branch on them, not on texts. A failed job has one as `error_code`, which is also the "
        "`failure_reason` of the metrics. A refused request has one as `code`, and one for each wrong field in "
        "`errors`.",
        "## Failed jobs\n\n" + table(("code", "when", "what to do"), jobs),
        "## Refused requests\n\n" + table(("code", "status", "when"), sorted(_requests())),
        "## Fields\n\n" + table(("code", "when"), sorted(_fields())),
    )


def _requests() -> Iterator[tuple[str, object, str]]:
    seen = {errors.TooManyActiveJobs.code}
    yield code(errors.TooManyActiveJobs.code), 429, _TEXTS[errors.TooManyActiveJobs.code]
    kinds = {kind.__name__: kind for kind in _subclasses(exceptions.APIException)}
    for kind in kinds.values():
        if kind.default_code not in seen:
            seen.add(kind.default_code)
            yield code(kind.default_code), kind.status_code, _plain(kind.default_detail)
    refusals: list[type[errors.Refused]] = [errors.Refused, *_subclasses(errors.Refused)]
    for refusal in refusals:
        if refusal.code not in seen:
            seen.add(refusal.code)
            yield code(refusal.code), 409, _meaning(refusal)
    statuses: dict[str, object] = {name: kind.status_code for name, kind in kinds.items()} | {"Http404": 404}
    for name, call in source.calls(*statuses, "RequestRefused"):
        own = source.text(source.argument(call, 1, "code"))
        if own and _CODE.fullmatch(own) and own not in seen:
            seen.add(own)
            yield code(own), statuses.get(name, 400), _TEXTS.get(own) or source.text(call.args[0]) or ""


def _fields() -> Iterator[tuple[str, str]]:
    messages: dict[str, str] = {}
    for kind in (serializers.Field, *_subclasses(serializers.Field)):
        for name, message in getattr(kind, "default_error_messages", {}).items():
            messages.setdefault(name, _plain(message))
    for _, call in source.calls("ErrorDetail", "Error", "InvalidRequest"):
        own = source.text(source.argument(call, 1, "code"))
        if own and _CODE.fullmatch(own):
            messages.setdefault(own, source.text(call.args[0]) or "")
    messages |= {name: text for name, text in _TEXTS.items() if name.startswith("unknown") or name in messages}
    yield from ((code(name), text) for name, text in messages.items())


def _subclasses(kind: type[Any]) -> list[type[Any]]:
    """Of our packages, of DRF, and of nobody else: a debugging tool's are no part of the interface."""
    subclasses: dict[type[Any], None] = {}
    waiting = [kind]
    while waiting:
        for each in waiting.pop().__subclasses__():
            waiting.append(each)
            if each.__module__.partition(".")[0] in PARTS or each.__module__ in _OF_DRF:
                subclasses.setdefault(each)
    return sorted(subclasses, key=lambda each: (each.__module__, each.__qualname__))


def _meaning(kind: type[Any]) -> str:
    """Its docstring; without one of its own, its name in words."""
    own = kind.__dict__.get("__doc__")
    words = re.sub(r"(?<!^)(?=[A-Z])", " ", kind.__name__).capitalize()
    first = _SENTENCE.match(sentence(inspect.cleandoc(own))) if own else None
    return f"{first[1].rstrip('.;:')}." if first else f"{words}."


def _plain(text: object) -> str:
    """With three dots for each of its placeholders."""
    return re.sub(r"\{\w+\}", "...", sentence(text))
