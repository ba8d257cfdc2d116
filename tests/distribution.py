"""How pytest-xdist shares the suite out among processes, each of which has a database of its own.

A plugin of pytest, named in pyproject.toml. A process takes one group of tests after another, in the order given here.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

CLUSTERS = {"supervisor": "supervisors", "site": "supervisors", "cluster": "clusters", "line": "line"}
"""Fixtures that start django-q2, and the group of all tests that share what they start."""
COMMITTED = {"exports"}
"""Fixtures whose rows stay in the database for all tests that follow."""


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two more than there are processors, as two groups mostly wait for clusters; none for a run of picked tests."""
    picked = config.option.keyword or config.option.markexpr or config.args != config.getini("testpaths")
    return 0 if picked else len(os.sched_getaffinity(0)) + 2


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None]:
    """Tests of clusters first, as they take longest; those that share committed rows last.

    Between them pytest-django's order stays: rolled back, then emptied, then without the database. So that each
    process keeps to it, a group is of one file and one such use.
    """
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(_group(item)))
    yield
    items.sort(key=_turn)


def _fixtures(item: pytest.Item) -> set[str]:
    return set(getattr(item, "fixturenames", ()))


def _group(item: pytest.Item) -> str:
    used = _fixtures(item)
    for fixture, group in CLUSTERS.items():
        if fixture in used:
            return group
    database = [name for name in ("transactional_db", "db", *COMMITTED) if name in used]
    return " ".join([item.nodeid.split("::")[0], *database])


def _turn(item: pytest.Item) -> int:
    used = _fixtures(item)
    return -1 if used & set(CLUSTERS) else 1 if used & COMMITTED else 0
