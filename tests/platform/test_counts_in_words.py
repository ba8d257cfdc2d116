"""No message says "1 parcels": wherever a sentence puts a count before a noun, ``words.counted`` writes both."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from terrafusion.records.loading.report import LoadReport
from terrafusion.words import counted

ROOT = Path(__file__).parents[2]
PACKAGES = ("terrafusion", "gis_export", "market_analysis", "valuation", "reporting")
PLURAL = re.compile(r"^ (?:(?:more|other|similar|new|old|valid) )?(?P<noun>[a-z]+s)\b")
PLURAL_VERB = re.compile(r"^(?: (?!that|what|cannot)[a-z]+){0,4}? (?:are|were|have|do|differ)\b")
LIMIT = re.compile(r"(?:\w+\.)*_?[A-Z][A-Z_0-9]*(?: // \d+)?|MINIMUM\.total_seconds\(\) / 60")
"""What is written in capitals is a limit, and none is 1."""
NO_NOUN = re.compile(
    r"is|has|was|does|this|its|as|less|us|s|adds|belongs|clashes|compares|exists|holds|lies|names|needs|reruns|stays|takes"
)
TEXTS_BEFORE = {("market_analysis/analyses/segments.py", "years"), ("valuation/decisions/preview.py", "values")}
"""Where what stands before the noun is a text, such as 0-9 before years."""


def pieces(path: Path) -> Iterator[tuple[ast.expr, str]]:
    """What each f-string fills in, with the text that follows."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            for value, after in zip(node.values, [*node.values[1:], ast.Constant("")], strict=True):
                if isinstance(value, ast.FormattedValue) and isinstance(after, ast.Constant):
                    yield value.value, str(after.value)


def is_counted(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and ast.unparse(value.func).endswith("counted")


def faults(path: Path, name: str) -> Iterator[str]:
    for value, after in pieces(path):
        source = ast.unparse(value)
        match = PLURAL.match(after)
        if match and not NO_NOUN.fullmatch(match["noun"]) and (name, match["noun"]) not in TEXTS_BEFORE:
            if not LIMIT.fullmatch(source):
                yield f"{name}: {{{source}}}{match[0]}: write counted({source}, ...)"
        elif is_counted(value) and PLURAL_VERB.match(after):
            yield f"{name}: {{{source}}}{after[:40]}: the verb is wrong after 1"


def test_every_count_before_a_noun_is_written_by_the_helper() -> None:
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    sources = [path for path in paths if "migrations" not in path.parts]
    assert len(sources) > 300
    all_faults = [fault for path in sources for fault in faults(path, path.relative_to(ROOT).as_posix())]
    assert not all_faults, "\n".join(all_faults)


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ('f"{n:,} parcels valued."', True),
        ('f"All {len(sales):,} more sales."', True),
        ('f"{done} of {total:,} records written."', True),
        ("f\"{counted(n, 'vertex', 'vertices')} were added.\"", True),
        ("f\"{counted(n, 'parcel')} valued.\"", False),
        ('f"At most {MAX_PARCELS:,} parcels."', False),
        ('f"{name} is no number."', False),
    ],
)
def test_the_test_sees_the_class(tmp_path: Path, source: str, wrong: bool) -> None:
    path = tmp_path / "one.py"
    path.write_text(source)
    assert bool(list(faults(path, "one.py"))) is wrong


def test_one_and_many() -> None:
    assert [counted(count, "sale") for count in (0, 1, 1_200)] == ["0 sales", "1 sale", "1,200 sales"]
    assert [counted(count, "vertex", "vertices") for count in (1, 2)] == ["1 vertex", "2 vertices"]


def test_a_load_of_one_of_each_is_reported_in_the_singular() -> None:
    report = LoadReport("KING", "parcels", "p.gpkg", repaired=1, merged=1, removed=1, values_recorded=1)
    report.values_certified = report.sales_linked = report.sales_without_parcel = 1
    lines = [line.strip() for line in report.lines()][1:]
    assert len(lines) == 7
    assert not [line for line in lines if re.match(r"1 [a-z]+s\b", line)]
    assert "1 geometry repaired" in lines
