"""Every fenced command and every JSON answer is run, or is on the list of those that are not, with a reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from terrafusion.accounts import tokens
from terrafusion.records.models import County
from tests.conftest import MakeUser
from tests.documentation import county
from tests.documentation.answers import differences, expected
from tests.documentation.blocks import ELSEWHERE, NO_COMMANDS, NOT_RUN, OTHER_LANGUAGES, Block, blocks, commands
from tests.documentation.page import JSON_OF, Page
from tests.gis_export.conftest import close_writer

BLOCKS = list(blocks())
RUN = [block for block in BLOCKS if block.is_run and block.language in ("", "json") and block.page not in ELSEWHERE]
RUN += [block for block in BLOCKS if block.is_run and block.language == "" and block.page in ELSEWHERE]


@pytest.fixture(scope="module", autouse=True)
def _writer() -> Iterator[None]:
    """The writer keeps connections to the test database, which could not be dropped under it."""
    yield
    close_writer()


@pytest.fixture
def page(live_server: Any, make_user: MakeUser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Page:
    demo = county.king(make_user)
    _, token = tokens.make(demo)
    tokens.make(demo)  # one that a page may revoke
    County.objects.create(id="COUNTY01", name="First County", fips="53077", state="WA", state_plane_srid=2285)
    county.files(tmp_path)
    monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", "root")
    monkeypatch.setenv("DJANGO_SUPERUSER_EMAIL", "root@example.gov")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "secret-of-tests")
    return Page(tmp_path, live_server.url, token)


@pytest.mark.parametrize("name", sorted({block.page for block in RUN}))
def test_the_blocks_of_a_page_run(page: Page, name: str) -> None:
    for block in RUN:
        if block.page == name:
            page.follow(block)


def test_every_block_is_run_or_has_a_reason() -> None:
    for block in BLOCKS:
        if block.is_run and block.language == "json":
            assert block.page in JSON_OF or block.page in ELSEWHERE, block
        else:
            assert not block.is_run or block.language in ("", *OTHER_LANGUAGES), block


def test_every_reason_is_of_a_block_that_there_is() -> None:
    there = {(block.page, block.first) for block in BLOCKS}
    assert {(page, first) for page, reasons in NOT_RUN.items() for first in reasons} - there == set()
    given = [command.text for block in RUN if block.language == "" for command in commands(block.text)]
    assert [start for start in NO_COMMANDS if not any(text.startswith(start) for text in given)] == []
    pages = {block.page for block in BLOCKS if block.language == "json"}
    assert set(JSON_OF) | set(ELSEWHERE) == pages


@pytest.mark.parametrize(
    ("text", "answer", "wanted"),
    [
        ('{"a": 1, "b": "x"}', {"a": 2.5, "b": "y"}, []),
        ('{"a": 1}', {"a": 1, "b": 2}, ["b: not on the page"]),
        ('{"a": 1, ...}', {"a": 1, "b": 2}, []),
        ('{"a": [...], "b": "..."}', {"a": [1], "b": "y"}, []),
        ('{"a": 1}', {"a": "1"}, ["a. 1 on the page, '1' in the answer"]),
        ('{"a": [{"b": 1}], ...}', {"a": [{"c": 1}]}, ["a.0.b: missing"]),
    ],
)
def test_an_answer_is_compared_by_its_members_and_types(text: str, answer: Any, wanted: list[str]) -> None:
    shown, whole = expected(text)
    assert differences(shown, answer, whole=whole) == wanted


def test_commands_end_where_their_quotes_do() -> None:
    text = 'A=$(curl x \\\n    | jq)\ncurl -d \'{\n  "a": 1}\'    # a note\n# 202, and then\n{"b": 2}\n'
    assert [(one.text, one.answer) for one in commands(text)] == [
        ("A=$(curl x \\\n    | jq)", ""),
        ("curl -d '{\n  \"a\": 1}'    # a note", '{"b": 2}\n'),
    ]
    assert Block("a.md", "", text).first == "A=$(curl x \\"
