"""Every way in which a job can fail says what to do."""

from __future__ import annotations

import pytest

from terrafusion.jobs.errors import JobError

GENERAL = ("internal_error", "analysis_failed", "export_failed", "report_failed", "dummy_burnt")
"""Codes whose remedy is that of all failures; another code takes one of its own."""


def _kinds(kind: type[JobError] = JobError) -> list[type[JobError]]:
    return [kind, *(inner for each in kind.__subclasses__() for inner in _kinds(each))]


@pytest.mark.parametrize("kind", _kinds(), ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_every_failure_has_a_remedy(kind: type[JobError]) -> None:
    assert kind.remedy.endswith(".")
    with_code = next(base for base in kind.__mro__ if "code" in vars(base))
    assert kind.code in GENERAL or "remedy" in vars(with_code)
    assert kind("It went wrong.").full_message == f"It went wrong. {kind.remedy}"


def test_a_code_says_one_thing() -> None:
    """Whoever reads a code knows what to do, whichever plugin it is from."""
    remedies: dict[str, set[str]] = {}
    for kind in _kinds():
        remedies.setdefault(kind.code, set()).add(kind.remedy)
    assert [code for code, several in remedies.items() if len(several) > 1] == []
