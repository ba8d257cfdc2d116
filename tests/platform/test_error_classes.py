"""Each package's exceptions are in its ``errors.py``, with a docstring, and no two classes have one name."""

from __future__ import annotations

import ast
import builtins
from collections import Counter

from tests.platform.sources import sources

OF_PYTHON = {
    name for name, kind in vars(builtins).items() if isinstance(kind, type) and issubclass(kind, BaseException)
}
OF_LIBRARIES = {"APIException", "CommandError", "SuspiciousOperation", "Throttled", "ValidationError"}


def classes() -> dict[str, list[ast.ClassDef]]:
    """Those of each module, by its path."""
    return {
        name: [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)] for name, tree in sources().items()
    }


def exceptions() -> list[tuple[str, ast.ClassDef]]:
    """The classes that derive, through however many others, from an exception of Python or of a library."""
    classes_found = [(name, node) for name, nodes in classes().items() for node in nodes]
    bases = {id(node): {ast.unparse(base).rpartition(".")[2] for base in node.bases} for _, node in classes_found}
    known = OF_PYTHON | OF_LIBRARIES
    while more := {node.name for _, node in classes_found if bases[id(node)] & known} - known:
        known |= more
    return [(name, node) for name, node in classes_found if bases[id(node)] & known]


def test_exceptions_have_one_name_and_one_place() -> None:
    named = [(name, node) for name, node in exceptions() if not node.name.startswith("_")]
    assert len(named) > 80
    assert {f"{name}: {node.name}" for name, node in named if not name.endswith("/errors.py")} == set()
    assert {name for name, count in Counter(node.name for _, node in named).items() if count > 1} == set()
    assert {node.name for _, node in named if ast.get_docstring(node) is None} == set()
